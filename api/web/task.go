package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"tickler/api/operation"
	"tickler/internal/person"
)

// taskData is what the page of a task shows.
type taskData struct {
	row
	Version  int
	Text     []textPart // the description
	Category Place
	TagLinks []Place
	Due      string
	Zone     string // that the due date is meant in, "" if it is the person's
	Done     string // when it was completed
	Recurs   *operation.RecurrenceView
	Next     []string
	Reminds  []string
	Offsets  string
	Created  string
	Updated  string
	History  []step
	Remind   Form   // the form that snoozes
	Soonest  string // that a reminder can be set to
	Place    structure
	Part     Form // the form that adds a part
	Comments comments
	Asks     bool // what becomes of open parts
}

// taskForms are forms of the page of a task that could not be carried out.
type taskForms struct {
	remind, place, part, comment Form
	asks                         bool // it is to be completed, and has open parts
}

func (s *server) task(c *gin.Context, user person.Settings) error {
	return s.showTask(c, http.StatusOK, user, Form{})
}

// wholeTask reads all of the task in the path.
func (s *server) wholeTask(c *gin.Context) (operation.FullTaskAnswer, error) {
	taskID, err := idOf(c)
	if err != nil {
		return operation.FullTaskAnswer{}, err
	}
	return call[operation.FullTaskAnswer](c.Request.Context(), s.Operations, "get_task", arguments{"task_id": taskID, "response_format": operation.Detailed})
}

// showTask answers with the page of the task in the path. remind is a form that
// could not be carried out.
func (s *server) showTask(c *gin.Context, status int, user person.Settings, remind Form) error {
	return s.showTaskWith(c, status, user, taskForms{remind: remind})
}

func (s *server) showTaskWith(c *gin.Context, status int, user person.Settings, forms taskForms) error {
	ctx := c.Request.Context()
	found, err := s.wholeTask(c)
	if err != nil {
		return err
	}
	clock, t := s.clock(user), found.Task
	data := taskData{
		row: clock.rows([]operation.View{t}, clock.full)[0], Version: t.Version, Text: linked(t.Description), Due: clock.full(t.DueDate),
		Done: clock.full(t.CompletedAt), Recurs: found.Recurrence,
		Offsets: OffsetWords(t.ReminderOffsets), Created: clock.full(t.CreatedAt), Updated: clock.full(t.UpdatedAt), Remind: forms.remind, Part: forms.part, Asks: forms.asks,
		Soonest: clock.now.In(clock.zone).Add(time.Minute).Format(localForm),
	}
	if data.Place, err = s.structureOf(ctx, user, t, forms.place); err != nil {
		return err
	}
	if data.Comments, err = s.commentsOf(c, user, found, forms.comment); err != nil {
		return err
	}
	if t.CategoryID != 0 {
		data.Category = Place{Name: t.Category, Path: "/category/" + id(t.CategoryID)}
	}
	tags, err := s.tagPlaces(c, t.Tags)
	if err != nil {
		return err
	}
	data.TagLinks = tags
	if t.TimeZone != user.TimeZone && t.DueDate != "" && !t.AllDay {
		data.Zone = place(t.TimeZone)
	}
	if found.Recurrence != nil {
		for _, next := range found.Recurrence.Next {
			data.Next = append(data.Next, clock.full(next))
		}
	}
	for _, at := range t.Reminders {
		data.Reminds = append(data.Reminds, clock.full(at))
	}
	history, err := call[operation.HistoryAnswer](ctx, s.Operations, "get_history", arguments{"task_id": t.ID, "limit": 20})
	if err != nil {
		return err
	}
	for _, day := range clock.history(history.Changes) {
		for _, one := range day.Steps {
			if one.Title != "" {
				one.Title, one.Path = "it", "" // the page is about it
			}
			if day.Name != "Today" {
				one.When = day.Name + " " + one.When
			}
			data.History = append(data.History, one)
		}
	}
	s.Pages.Show(c, status, "task", Page{Title: t.Title, Current: "/tasks", Back: "/task/" + id(t.ID), Data: data})
	return nil
}

// localForm is how fields of dates with a time have them.
const localForm = "2006-01-02T15:04"

// tagPlaces are links to the lists of tags.
func (s *server) tagPlaces(c *gin.Context, names []string) ([]Place, error) {
	if len(names) == 0 {
		return nil, nil
	}
	all, err := s.Operations.Tags(c.Request.Context())
	if err != nil {
		return nil, err
	}
	var places []Place
	for _, one := range all {
		if slices.Contains(names, one.Name) {
			places = append(places, Place{Name: one.Name, Path: "/tag/" + id(one.ID)})
		}
	}
	return places, nil
}

// remind snoozes a task, or sets a moment at which it reminds.
func (s *server) remind(c *gin.Context, user person.Settings) error {
	taskID, err := idOf(c)
	if err != nil {
		return err
	}
	form := Posted(c)
	given := arguments{"task_id": taskID}
	switch {
	case form.Get("snooze") == "back":
		given["clear"] = []string{"snooze"}
	case form.Get("snooze") != "":
		given["snooze_minutes"] = number(form.Get("snooze"))
	default:
		given["remind_at"] = form.Get("at")
	}
	answer, err := call[operation.ReminderAnswer](c.Request.Context(), s.Operations, "set_reminder", given)
	if err != nil {
		return s.refused(c, err, func(f Form) error { return s.showTask(c, http.StatusBadRequest, user, f) })
	}
	said := Said{Text: quoted(answer.Task.Title) + " does not remind any more", Call: callOf(c)}
	if answer.RemindAt != "" {
		said.Text = quoted(answer.Task.Title) + " reminds " + s.clock(user).full(answer.RemindAt)
	}
	s.Pages.Say(c, backTo(c), said)
	return nil
}

// textPart is a stretch of a text: a link, unless Path is "".
type textPart struct{ Text, Path string }

// linked finds the addresses in a text. Only those of the web and of mail become
// links: what people and agents write is text.
func linked(text string) []textPart {
	var parts []textPart
	for rest := text; rest != ""; {
		at, length := nextLink(rest)
		if at < 0 {
			return append(parts, textPart{Text: rest})
		}
		if at > 0 {
			parts = append(parts, textPart{Text: rest[:at]})
		}
		parts = append(parts, textPart{Text: rest[at : at+length], Path: rest[at : at+length]})
		rest = rest[at+length:]
	}
	return parts
}

var schemes = []string{"https://", "http://", "mailto:"}

func nextLink(text string) (at, length int) {
	for from := 0; from < len(text); {
		at = -1
		for _, scheme := range schemes {
			if i := strings.Index(text[from:], scheme); i >= 0 && (at < 0 || from+i < at) {
				at = from + i
			}
		}
		if at < 0 {
			return -1, 0
		}
		word := text[at:]
		if end := strings.IndexFunc(word, func(r rune) bool { return r <= ' ' || strings.ContainsRune("<>\"“”|\u00a0\u2028", r) }); end >= 0 {
			word = word[:end]
		}
		if word = strings.TrimRight(word, ".,;:!?)'*_"); isLink(word) {
			return at, len(word)
		}
		from = at + 1
	}
	return -1, 0
}

func isLink(word string) bool {
	u, err := url.Parse(word)
	return err == nil && (u.Scheme == "mailto" && strings.Contains(u.Opaque, "@") || (u.Scheme == "http" || u.Scheme == "https") && u.Host != "")
}
