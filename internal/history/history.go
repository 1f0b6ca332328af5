// Package history shows people what was changed in their data, and by whom, and takes
// changes back. Both read the journal.
package history

import (
	"context"
	"encoding/json"
	"iter"
	"strconv"
	"strings"
	"time"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/journal"
	"tickler/internal/person"
	"tickler/internal/task"
)

// Limits of a page of the history.
const (
	DefaultLimit = 20
	MaxLimit     = 100

	maxActor = 200 // characters
)

// Service shows and takes back changes. Every method acts on behalf of one user;
// errors that the caller can act on are *fault.Error.
type Service struct {
	store Store
	now   func() time.Time
}

// NewService makes a service on top of store; now is the clock.
func NewService(store Store, now func() time.Time) *Service {
	return &Service{store: store, now: now}
}

// clock returns the current instant in the form it is stored: UTC, microseconds.
func (s *Service) clock() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// Store reads the journal. Every method sees only the named user's data.
type Store interface {
	// History reads entries, newest first.
	History(ctx context.Context, userID int64, f journal.Filter) ([]journal.Entry, error)
	// Undoings reads which entries from id on take back changes of these objects, and
	// which ones: ids by id.
	Undoings(ctx context.Context, userID int64, objects []int64, from int64) (map[int64]int64, error)
	// ObjectNames reads what objects are called, or were called when they were deleted.
	ObjectNames(ctx context.Context, userID int64, of Mentioned) (Names, error)
	// TaskKnown tells whether the user has or had a task.
	TaskKnown(ctx context.Context, userID, id int64) (bool, error)
	// Undo runs fn in one transaction: its changes commit together or, if fn fails,
	// not at all. fn is called again if the transaction and others waited for each other.
	Undo(ctx context.Context, userID int64, fn func(Tx) error) error
}

// Mentioned are the ids of objects.
type Mentioned struct{ Tasks, Categories, Tags []int64 }

// Names are titles of tasks and names of labels, by id. What nobody knows any more is
// missing.
type Names struct{ Tasks, Categories, Tags map[int64]string }

// Of returns the name of an object, or "".
func (n Names) Of(object journal.Object, id int64) string {
	switch object {
	case journal.Task:
		return n.Tasks[id]
	case journal.Category:
		return n.Categories[id]
	case journal.Tag:
		return n.Tags[id]
	}
	return ""
}

// ListInput selects changes.
type ListInput struct {
	TaskID int64          `json:"task_id,omitempty" doc:"Only of this task." minimum:"1"`
	By     string         `json:"by,omitempty" doc:"Token, connection or client by name, token by id; or person, agent, system." maxLength:"200" example:"laptop"`
	Since  string         `json:"since,omitempty" doc:"Date or date-time." example:"2026-03-01T09:00"`
	Object journal.Object `json:"object,omitempty" doc:"Only of this kind." enum:"task,category,tag,settings,channel,calendar_feed,token,user,session,passkey,comment"`
	Limit  int            `json:"limit,omitempty" doc:"Default 20." minimum:"1" maximum:"100"`
	Cursor string         `json:"cursor,omitempty" doc:"next_cursor of the page before."`
}

// Change is a change as its person sees it.
type Change struct {
	journal.Entry
	Undone bool // it was taken back, and that was not taken back in turn
}

// Listing is a page of changes.
type Listing struct {
	Changes    []Change
	Names      Names  // of the objects changed, and of the tasks and labels mentioned
	NextCursor string // "" at the end
}

// List returns changes of the user's data, newest first. Entries are kept for 90 days.
func (s *Service) List(ctx context.Context, user person.Settings, in ListInput) (Listing, error) {
	filter, err := s.filter(user, in)
	if err != nil {
		return Listing{}, err
	}
	limit := filter.Limit
	filter.Limit++ // one more tells whether there is another page
	found, err := s.store.History(ctx, user.UserID, filter)
	if err != nil {
		return Listing{}, err
	}
	if len(found) == 0 && in.TaskID != 0 {
		if known, err := s.store.TaskKnown(ctx, user.UserID, in.TaskID); err != nil || !known {
			return Listing{}, orNoTask(err, in.TaskID)
		}
	}
	var out Listing
	if len(found) > limit {
		found = found[:limit]
		out.NextCursor = strconv.FormatInt(found[limit-1].ID, 10)
	}
	undone, err := s.undone(ctx, user, found)
	if err != nil {
		return Listing{}, err
	}
	for _, e := range found {
		out.Changes = append(out.Changes, Change{Entry: e, Undone: undone(e.ID)})
	}
	out.Names, err = s.store.ObjectNames(ctx, user.UserID, mentioned(found))
	return out, err
}

func orNoTask(err error, id int64) error {
	if err != nil {
		return err
	}
	return &fault.Error{
		Code: fault.NotFound, Field: "task_id", Message: "there is no task " + strconv.FormatInt(id, 10) + " among yours",
		Hint: "list_tasks or search_tasks gives the ids",
	}
}

func (s *Service) filter(user person.Settings, in ListInput) (f journal.Filter, err error) {
	if err := input.CheckText("by", in.By, maxActor); err != nil {
		return f, err
	}
	if in.Object != "" {
		if err := input.CheckEnum("object", in.Object, journal.Objects()...); err != nil {
			return f, err
		}
	}
	if in.TaskID != 0 && in.Object != "" && in.Object != journal.Task {
		return f, fault.Invalid("object", "must be \"task\" with task_id, or left out; it is %q", in.Object)
	}
	if f.Since, err = s.since(user, in.Since); err != nil {
		return f, err
	}
	if f.Limit = in.Limit; f.Limit == 0 {
		f.Limit = DefaultLimit
	}
	if f.Limit < 1 || f.Limit > MaxLimit {
		return f, fault.Invalid("limit", "%d is out of range; allowed are 1 to %d", in.Limit, MaxLimit)
	}
	if in.Cursor != "" {
		f.Before, err = strconv.ParseInt(in.Cursor, 10, 64)
		if err != nil || f.Before < 1 {
			return f, fault.Invalid("cursor", "%q is not one that this call returned; allowed is the next_cursor of the page before", fault.Clip(in.Cursor))
		}
	}
	f.By, f.Object = strings.TrimSpace(in.By), in.Object
	if in.TaskID != 0 {
		f.Object, f.ObjectID = journal.Task, in.TaskID
	}
	return f, nil
}

// since reads a moment; a date means its start. "" is the zero time.
func (s *Service) since(user person.Settings, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := task.ParseDue("since", text, user.Zone())
	if err != nil {
		return time.Time{}, err
	}
	if at.AllDay {
		y, m, d := at.Wall.Date()
		return time.Date(y, m, d, 0, 0, 0, 0, user.Zone()).UTC(), nil
	}
	return at.Time, nil
}

// undone returns a function that tells whether one of the entries was taken back.
func (s *Service) undone(ctx context.Context, user person.Settings, entries []journal.Entry) (func(id int64) bool, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	objects, from := make([]int64, len(entries)), entries[0].ID
	for i, e := range entries {
		objects[i], from = e.ObjectID, min(from, e.ID)
	}
	undoings, err := s.store.Undoings(ctx, user.UserID, objects, from)
	if err != nil {
		return nil, err
	}
	by := map[int64][]int64{}
	for undoing, of := range undoings {
		by[of] = append(by[of], undoing)
	}
	var undone func(id int64) bool
	undone = func(id int64) bool {
		for _, undoing := range by[id] { // always later than id, so this ends
			if !undone(undoing) {
				return true
			}
		}
		return false
	}
	return undone, nil
}

// mentioned collects the objects of entries, and the labels in them.
func mentioned(entries []journal.Entry) Mentioned {
	var m Mentioned
	for _, e := range entries {
		switch e.Object {
		case journal.Task:
			m.Tasks = append(m.Tasks, e.ObjectID)
		case journal.Comment:
			m.Tasks = append(m.Tasks, Commented(e))
		case journal.Category:
			m.Categories = append(m.Categories, e.ObjectID)
		case journal.Tag:
			m.Tags = append(m.Tags, e.ObjectID)
		}
		for _, text := range []json.RawMessage{e.Before, e.After} {
			var fields struct {
				Category int64   `json:"category_id"`
				Tags     []int64 `json:"tag_ids"`
				Parent   int64   `json:"parent_id"`
				Blockers []int64 `json:"blocked_by"`
			}
			if json.Unmarshal(text, &fields) != nil {
				continue
			}
			if fields.Category != 0 {
				m.Categories = append(m.Categories, fields.Category)
			}
			if fields.Parent != 0 {
				m.Tasks = append(m.Tasks, fields.Parent)
			}
			m.Tags = append(m.Tags, fields.Tags...)
			m.Tasks = append(m.Tasks, fields.Blockers...)
		}
	}
	return m
}

// everythingPage is how many changes Everything reads at a time.
const everythingPage = 100

// Everything yields all changes that are kept, newest first. If reading fails, the
// last thing it yields is the error.
func (s *Service) Everything(ctx context.Context, user person.Settings) iter.Seq2[journal.Entry, error] {
	return func(yield func(journal.Entry, error) bool) {
		for before := int64(0); ; {
			page, err := s.store.History(ctx, user.UserID, journal.Filter{Before: before, Limit: everythingPage})
			if err != nil {
				yield(journal.Entry{}, err)
				return
			}
			for _, e := range page {
				if !yield(e, nil) {
					return
				}
				before = e.ID
			}
			if len(page) < everythingPage {
				return
			}
		}
	}
}
