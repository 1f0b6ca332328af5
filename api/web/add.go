package web

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"tickler/api/operation"
	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/phrase"
	"tickler/internal/quickadd"
	"tickler/internal/task"
)

// quickAdd is the form that a task is added with.
type quickAdd struct {
	Form
	Back     string // where the form leads back to
	Category string // that a new task belongs to unless the text names another
	Missing  string // a category that does not exist yet
	Key      string // so that sending the form twice adds one task
}

// chip is one thing that quick add understood.
type chip struct {
	Text string
	Kind string // of its look
}

// read understands the line in a form.
func (s *server) read(c *gin.Context, user person.Settings) (quickadd.Reading, error) {
	categories, err := s.Operations.Categories(c.Request.Context())
	if err != nil {
		return quickadd.Reading{}, err
	}
	names := make([]string, len(categories))
	for i, one := range categories {
		names[i] = one.Name
	}
	return quickadd.Read(Posted(c).Get("text"), names, func(text string) (quickadd.When, int, int, bool) {
		found, ok := phrase.Find(text, language(c), s.Now().In(user.Zone()))
		when := quickadd.When{Due: found.Due, Rule: found.Rule}
		if found.FromCompletion {
			when.Base = task.FromCompletion
		}
		return when, found.Begin, found.End, ok
	}), nil
}

// language is the one that the browser says its person reads first.
func language(c *gin.Context) string {
	first, _, _ := strings.Cut(c.GetHeader("Accept-Language"), ",")
	first, _, _ = strings.Cut(first, ";")
	return strings.TrimSpace(first)
}

// chips tells what was understood.
func (c clock) chips(r quickadd.Reading) []chip {
	all := []chip{}
	add := func(text, kind string) {
		if text != "" {
			all = append(all, chip{text, kind})
		}
	}
	add(r.Title, "")
	if r.When.Due != "" {
		add(c.full(r.When.Due), "")
	}
	if add(c.repeats(r.When.Rule, r.When.Due), ""); r.When.Base == task.FromCompletion {
		add("counted from completion", "")
	}
	add(string(r.Priority), "")
	for _, tag := range r.Tags {
		add("#"+tag, "")
	}
	add(r.Category, "")
	if r.Minutes > 0 {
		add(duration(r.Minutes), "")
	}
	return all
}

// understand answers with the chips for a line that is being typed.
func (s *server) understand(c *gin.Context, user person.Settings) error {
	reading, err := s.read(c, user)
	if err != nil {
		return err
	}
	s.Pages.Part(c, "chips", s.clock(user).chips(reading))
	return nil
}

func (s *server) add(c *gin.Context, user person.Settings) error {
	ctx, form := c.Request.Context(), Posted(c)
	reading, err := s.read(c, user)
	if err != nil {
		return err
	}
	category := cmp.Or(reading.Category, form.Get("category"))
	if name := form.Get("create"); name != "" && input.NameKey(name) == input.NameKey(category) {
		_, err := call[operation.CategoryAnswer](ctx, s.Operations, "create_category", arguments{"name": name})
		if e := (*fault.Error)(nil); errors.As(err, &e) && e.Code != fault.Conflict { // made meanwhile: as well
			return s.notAdded(c, user, e, reading)
		} else if err != nil && e == nil {
			return err
		}
	}
	given := arguments{"title": reading.Title}
	for field, value := range map[string]string{
		"due_date": reading.When.Due, "recurrence_rule": reading.When.Rule, "recurrence_base": string(reading.When.Base),
		"priority": string(reading.Priority), "category": category, "idempotency_key": onceKey(form.Get("key"), form.Get("text")),
	} {
		if value != "" {
			given[field] = value
		}
	}
	if len(reading.Tags) > 0 {
		given["tags"] = reading.Tags
	}
	if reading.Minutes > 0 {
		given["estimate_minutes"] = reading.Minutes
	}
	added, err := call[operation.TaskAnswer](ctx, s.Operations, "add_task", given)
	if usedBefore(err) {
		s.Pages.Say(c, backTo(c), Said{Text: "This was added before"})
		return nil
	}
	if e := (*fault.Error)(nil); errors.As(err, &e) {
		return s.notAdded(c, user, e, reading)
	} else if err != nil {
		return err
	}
	chips := s.clock(user).chips(reading)
	var understood []string
	for _, one := range chips[min(1, len(chips)):] {
		understood = append(understood, one.Text)
	}
	s.Pages.Say(c, backTo(c), Said{Text: "Added " + quoted(added.Task.Title), Detail: strings.Join(understood, " · "), Call: callOf(c)})
	return nil
}

// onceKey is the key by which a form that is sent again adds nothing more, "" for a form
// without one. Another text under the same form is another task: the answer to the first
// may have been lost on its way, and its person gone on typing.
func onceKey(form, text string) string {
	if form == "" {
		return ""
	}
	digest := sha256.Sum256([]byte(form + "\x00" + text))
	return hex.EncodeToString(digest[:])
}

// usedBefore reports whether the same text was added from the same form before, but meant
// something else: "in 1 hour" is another moment by now.
func usedBefore(err error) bool {
	var e *fault.Error
	return errors.As(err, &e) && e.Code == fault.Conflict && e.Field == "idempotency_key"
}

// notAdded shows the page that the form is on, with what is wrong.
func (s *server) notAdded(c *gin.Context, user person.Settings, e *fault.Error, reading quickadd.Reading) error {
	form := &quickAdd{Form: Form{Values: Posted(c), Error: s.Operations.Visible(c.Request.Context(), "page /add", e)}}
	if e.Field == "category" && e.Code == fault.NotFound {
		form.Missing = reading.Category
	}
	if l, ok := listAt(backTo(c)); ok && !l.search && l.tag == 0 {
		return s.showList(c, http.StatusBadRequest, user, l, form, several{})
	}
	return s.showToday(c, http.StatusBadRequest, user, form)
}
