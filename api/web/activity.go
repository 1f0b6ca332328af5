package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"tickler/api/operation"
	"tickler/internal/journal"
	"tickler/internal/person"
)

// activityData is what the history shows.
type activityData struct {
	By      string
	Actors  []actor // to filter by
	Days    []activityDay
	Next    string // path of the next page
	First   string
	UndoAll string // path of the page that undoes all by one connection, "" without one
}

// actor is somebody that the history can be filtered by.
type actor struct {
	Name, Path string
	Chosen     bool
}

// activityDay is what was done on a day.
type activityDay struct {
	Name  string
	Steps []step
}

// step is what one call did.
type step struct {
	Who, Client, Initial string
	Person               bool
	Did                  string // a verb with what comes before the object
	Title, Path          string // of the object, where there is one
	When                 string
	Call                 string // to undo it by; "" if it cannot be, or was
	Undone               bool
	More                 bool // the call did more, which another page of the history shows
	Changes              []stepChange
}

// stepChange is one change of a call.
type stepChange struct {
	Did, Title, Path string
	Change           int64 // to undo it alone; 0 where the call has no other, or it cannot be
	Undone           bool
	Differences      []difference
}

func (s *server) activity(c *gin.Context, user person.Settings) error {
	query := c.Request.URL.Query()
	given := arguments{"limit": 50}
	for _, name := range []string{"by", "cursor"} {
		if query.Get(name) != "" {
			given[name] = query.Get(name)
		}
	}
	found, err := call[operation.HistoryAnswer](c.Request.Context(), s.Operations, "get_history", given)
	if err != nil {
		return err
	}
	clock := s.clock(user)
	data := activityData{By: query.Get("by"), Days: clock.history(found.Changes)}
	with := func(name, value string) string {
		changed := url.Values{}
		if by := query.Get("by"); by != "" {
			changed.Set("by", by)
		}
		if changed.Del(name); value != "" {
			changed.Set(name, value)
		}
		if len(changed) == 0 {
			return "/activity"
		}
		return "/activity?" + changed.Encode()
	}
	if len(found.Changes) > 0 && found.Changes[0].CallID == query.Get("of") {
		data.Days[0].Steps[0].More = true
	}
	if n := len(found.Changes); found.NextCursor != "" && n > 0 {
		given["cursor"], given["limit"] = found.NextCursor, 1
		next, err := call[operation.HistoryAnswer](c.Request.Context(), s.Operations, "get_history", given)
		if err != nil {
			return err
		}
		data.Next = with("cursor", found.NextCursor)
		if of := found.Changes[n-1].CallID; len(next.Changes) > 0 && next.Changes[0].CallID == of {
			steps := data.Days[len(data.Days)-1].Steps
			steps[len(steps)-1].More = true
			data.Next += "&of=" + of
		}
	}
	if query.Get("cursor") != "" {
		data.First = with("cursor", "")
	}
	data.Actors = []actor{{"Everybody", with("by", ""), data.By == ""}, {"You", with("by", string(journal.Person)), data.By == string(journal.Person)}}
	names := []string{}
	for _, one := range found.Changes {
		if one.Actor == journal.Agent && !slices.Contains(names, one.By) {
			names = append(names, one.By)
		}
	}
	if data.By != "" && data.By != string(journal.Person) && !slices.Contains(names, data.By) {
		names = append(names, data.By)
	}
	slices.Sort(names)
	for _, name := range names {
		data.Actors = append(data.Actors, actor{name, with("by", name), data.By == name})
	}
	if data.By != "" && data.By != string(journal.Person) && data.By != string(journal.System) {
		data.UndoAll = "/activity/undo?" + url.Values{"connection": {data.By}}.Encode()
	}
	s.Pages.Show(c, http.StatusOK, "activity", Page{Title: "Activity", Current: "/activity", Data: data})
	return nil
}

// history puts changes, newest first, under their days and calls.
func (c clock) history(changes []operation.ChangeView) []activityDay {
	var days []activityDay
	for i := 0; i < len(changes); {
		end := i + 1
		for end < len(changes) && changes[end].CallID == changes[i].CallID {
			end++
		}
		name := "Today"
		if at, ok := c.read(changes[i].At); ok && c.days(at.at) != 0 {
			name = c.day(at.at)
		}
		if len(days) == 0 || days[len(days)-1].Name != name {
			days = append(days, activityDay{Name: name})
		}
		last := &days[len(days)-1]
		last.Steps = append(last.Steps, c.step(changes[i:end]))
		i = end
	}
	return days
}

// step tells what a call did.
func (c clock) step(changes []operation.ChangeView) step {
	changes = mainChanges(changes)
	first := changes[0]
	s := step{Who: first.By, Client: first.Client, Undone: true}
	switch first.Actor {
	case journal.Person:
		s.Who, s.Client, s.Person = "You", "", true
	case journal.System:
		s.Who = "Tickler"
	}
	if s.Client == s.Who {
		s.Client = ""
	}
	letter, _ := utf8.DecodeRuneInString(s.Who)
	s.Initial = strings.ToUpper(string(letter))
	if at, ok := c.read(first.At); ok {
		s.When = at.at.Format("15:04")
	}
	undoable, same := false, true
	for _, one := range changes {
		change := stepChange{Did: did(one), Title: one.Name, Path: pathOf(one), Undone: one.Undone, Differences: c.differences(one)}
		s.Undone = s.Undone && one.Undone
		if canUndo(one) {
			undoable = true
			if len(changes) > 1 {
				change.Change = one.ChangeID
			}
		}
		same = same && one.Action == first.Action && one.Object == first.Object && (one.Undoes != 0) == (first.Undoes != 0)
		s.Changes = append(s.Changes, change)
	}
	if undoable {
		s.Call = first.CallID
	}
	switch {
	case len(changes) == 1:
		s.Did, s.Title, s.Path = did(first), first.Name, pathOf(first)
	case same:
		s.Did = verb(first) + " " + plural(len(changes), objectNames[first.Object])
	default:
		s.Did = "made " + plural(len(changes), "change")
	}
	return s
}

// mainChanges leaves out tags that were created because a call named them, unless they
// are all it did. They are undone with the rest.
func mainChanges(changes []operation.ChangeView) []operation.ChangeView {
	about := slices.DeleteFunc(slices.Clone(changes), func(one operation.ChangeView) bool {
		return one.Object == journal.Tag && one.Action == journal.Created
	})
	if len(about) == 0 {
		return changes
	}
	return about
}

// canUndo reports whether a change may be taken back. One that was taken back already, or
// that is only a notice, cannot.
func canUndo(c operation.ChangeView) bool {
	switch c.Object {
	case journal.Task, journal.Category, journal.Tag, journal.Settings, journal.Comment:
		return !c.Undone && !c.Action.Notice()
	}
	return false
}

var verbs = map[journal.Action]string{
	journal.Created: "added", journal.Updated: "changed", journal.Completed: "completed", journal.Reopened: "reopened", journal.Skipped: "skipped a date of",
	journal.Deleted: "deleted", journal.Restored: "brought back", journal.Reminded: "reminded you of", journal.Revoked: "ended", journal.Commented: "commented on",
}

var objectNames = map[journal.Object]string{
	journal.Task: "task", journal.Category: "category", journal.Tag: "tag", journal.Settings: "setting", journal.Channel: "channel",
	journal.CalendarFeed: "calendar feed", journal.Token: "token", journal.User: "user", journal.Session: "session", journal.Passkey: "passkey", journal.Comment: "comment",
}

// signing are the verbs of what concerns signing in.
var signing = map[journal.Object]map[journal.Action]string{
	journal.Session: {journal.Created: "signed in", journal.Deleted: "signed out", journal.Revoked: "signed out"},
	journal.User:    {journal.Created: "came", journal.Updated: "got a link to sign in with"},
}

func verb(c operation.ChangeView) string {
	v := cmp.Or(verbs[c.Action], string(c.Action))
	if c.Undoes != 0 {
		return "undid a change: " + v
	}
	return v
}

// did is a verb with the kind of object, which is left out of tasks.
func did(c operation.ChangeView) string {
	switch {
	case c.Object == journal.Task && c.Name != "":
		return verb(c)
	case c.Object == journal.Task:
		return verb(c) + " a task"
	case c.Object == journal.Comment && c.Name != "":
		return verb(c) + " a comment on"
	case c.Object == journal.Comment:
		return verb(c) + " a comment"
	case signing[c.Object][c.Action] != "":
		return signing[c.Object][c.Action]
	case c.Object == journal.Settings:
		return verb(c) + " the settings"
	}
	return verb(c) + " the " + cmp.Or(objectNames[c.Object], strings.ReplaceAll(string(c.Object), "_", " "))
}

// pathOf is the page of an object, "" if it has none any more.
func pathOf(c operation.ChangeView) string {
	if c.Action == journal.Deleted && c.Object != journal.Comment {
		return ""
	}
	switch c.Object {
	case journal.Comment:
		return commentedPath(c)
	case journal.Task:
		return "/task/" + id(c.ObjectID)
	case journal.Category:
		return "/category/" + id(c.ObjectID)
	case journal.Tag:
		return "/tag/" + id(c.ObjectID)
	}
	return ""
}
