package task

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/recurrence"
)

// Limits of a page.
const (
	DefaultListLimit   = 50
	DefaultSearchLimit = 20
	MaxLimit           = 100
)

// Selection selects tasks by how they are filed. Kinds are ANDed, values within one
// ORed.
type Selection struct {
	Priority []Priority `json:"priority,omitempty" doc:"Any of these." enum:"low,medium,high,urgent"`
	Category []string   `json:"category,omitempty" doc:"Any of these names or ids." sample:"[\"Work\"]"`
	Tags     []string   `json:"tags,omitempty" doc:"Any of these names or ids."`
}

// ListInput selects and orders tasks.
type ListInput struct {
	Status string `json:"status,omitempty" doc:"Default all but deleted." enum:"all,pending,completed,deleted"`
	Selection
	Structure
	TagsMatch       string  `json:"tags_match,omitempty" doc:"Default any." enum:"any,all"`
	DueBefore       string  `json:"due_before,omitempty" doc:"This date (its start) or date-time." example:"2026-03-08"`
	DueAfter        string  `json:"due_after,omitempty" doc:"At or after it."`
	CompletedBefore string  `json:"completed_before,omitempty" doc:"Completed tasks only." example:"2026-03-08"`
	CompletedAfter  string  `json:"completed_after,omitempty" doc:"Completed tasks only."`
	SortBy          SortKey `json:"sort_by,omitempty" doc:"Default created_at." enum:"created_at,updated_at,due_date,completed_at,priority,title"`
	SortOrder       string  `json:"sort_order,omitempty" doc:"Default desc, of due_date and title asc." enum:"asc,desc"`
	Limit           int     `json:"limit,omitempty" doc:"Default 50." minimum:"1" maximum:"100"`
	Cursor          string  `json:"cursor,omitempty" doc:"next_cursor of the page before, all else as then."`
}

// SearchInput is a ranked full-text search.
type SearchInput struct {
	Query  string `json:"query" doc:"Words; \"quoted phrase\", -not, or. Empty lists all." maxLength:"500" example:"invoice -paid"`
	Status string `json:"status,omitempty" doc:"Default all." enum:"all,pending,completed"`
	Selection
	Limit  int    `json:"limit,omitempty" doc:"Default 20." minimum:"1" maximum:"100"`
	Cursor string `json:"cursor,omitempty" doc:"next_cursor of the page before, all else as then."`

	Highlight bool `json:"-"` // mark where each task matches
}

// Listing is a page of tasks with what a caller needs to continue.
type Listing struct {
	Page
	NextCursor string // "" at the end
	// On the first page of a list between two dates: the dates of open series there.
	Agenda []AgendaEntry
	Cut    bool // the agenda has more
}

// List returns the user's tasks, one page at a time: those that are not deleted, or
// those that are and can be restored.
func (s *Service) List(ctx context.Context, user person.Settings, in ListInput) (Listing, error) {
	filter, err := s.filter(ctx, user, in.Selection, in.TagsMatch)
	if err != nil {
		return Listing{}, err
	}
	now := s.clock()
	for _, b := range []struct {
		field, text string
		at          **time.Time
	}{
		{"due_before", in.DueBefore, &filter.DueBefore}, {"due_after", in.DueAfter, &filter.DueAfter},
		{"completed_before", in.CompletedBefore, &filter.CompletedBefore}, {"completed_after", in.CompletedAfter, &filter.CompletedAfter},
	} {
		if *b.at, err = bound(b.field, b.text, user, now); err != nil {
			return Listing{}, err
		}
	}
	if err := in.state(&filter); err != nil {
		return Listing{}, err
	}
	if err := s.structure(ctx, user, in.Structure, &filter); err != nil {
		return Listing{}, err
	}
	if in.SortBy == "" {
		in.SortBy = ByCreatedAt
		if filter.Deleted {
			in.SortBy = ByUpdatedAt // deleted last
		}
	}
	if err := input.CheckEnum("sort_by", in.SortBy, ByUpdatedAt, ByPriority, ByTitle, ByCreatedAt, ByCompletedAt, ByDueDate); err != nil {
		return Listing{}, err
	}
	desc := in.SortBy != ByDueDate && in.SortBy != ByTitle
	if in.SortOrder != "" {
		if err := input.CheckEnum("sort_order", in.SortOrder, "asc", "desc"); err != nil {
			return Listing{}, err
		}
		desc = in.SortOrder == "desc"
	}
	paging, err := page(in.SortBy, desc, in.Limit, DefaultListLimit, in.Cursor)
	if err != nil {
		return Listing{}, err
	}
	found, err := s.store.List(ctx, user.UserID, filter, paging)
	if err != nil {
		return Listing{}, err
	}
	out := listing(found, paging)
	if filter.DueAfter != nil && filter.DueBefore != nil && !filter.Deleted && (filter.Completed == nil || !*filter.Completed) && in.Cursor == "" {
		out.Agenda, out.Cut, err = s.agenda(ctx, user, filter, *filter.DueAfter, *filter.DueBefore, now)
	}
	return out, err
}

// state selects by status. Asking when tasks were completed selects completed ones.
func (in ListInput) state(f *Filter) error {
	open, completed := false, true
	finished := ""
	switch {
	case f.CompletedAfter != nil:
		finished = "completed_after"
	case f.CompletedBefore != nil:
		finished = "completed_before"
	case in.SortBy == ByCompletedAt:
		finished = "sort_by"
	}
	switch in.Status {
	case "":
		if finished != "" {
			f.Completed = &completed
		}
	case "completed":
		f.Completed = &completed
	case "all", "pending", "deleted":
		if finished != "" {
			return fault.Invalid("status", "%q does not go with %s, which is about completed tasks only; leave status out, or give \"completed\"", in.Status, finished)
		}
		if in.Status == "pending" {
			f.Completed = &open
		}
		f.Deleted = in.Status == "deleted"
	default:
		return input.CheckEnum("status", in.Status, "all", "completed", "deleted", "pending")
	}
	return nil
}

// Search returns the user's tasks that match a query, most relevant first. An empty
// query lists all tasks, newest first.
func (s *Service) Search(ctx context.Context, user person.Settings, in SearchInput) (Listing, error) {
	if err := input.CheckText("query", in.Query, MaxQuery); err != nil {
		return Listing{}, err
	}
	filter, err := s.filter(ctx, user, in.Selection, "")
	if err != nil {
		return Listing{}, err
	}
	if in.Status != "" {
		if err := input.CheckEnum("status", in.Status, "all", "completed", "pending"); err != nil {
			return Listing{}, err
		}
	}
	if err := (ListInput{Status: in.Status}).state(&filter); err != nil {
		return Listing{}, err
	}
	query := ParseQuery(in.Query)
	query.Highlight = in.Highlight
	sort := ByRelevance
	if query.Text == "" {
		sort = ByCreatedAt
	}
	paging, err := page(sort, true, in.Limit, DefaultSearchLimit, in.Cursor)
	if err != nil {
		return Listing{}, err
	}
	var found Page
	if query.Text == "" {
		found, err = s.store.List(ctx, user.UserID, filter, paging)
	} else {
		found, err = s.store.Search(ctx, user.UserID, query, filter, paging)
	}
	if err != nil {
		return Listing{}, err
	}
	return listing(found, paging), nil
}

func (s *Service) filter(ctx context.Context, user person.Settings, in Selection, match string) (Filter, error) {
	var f Filter
	priorities, tags := slices.Compact(slices.Sorted(slices.Values(in.Priority))), in.Tags
	if len(tags) > label.MaxTagsPerUser {
		return f, fault.Invalid("tags", "has %d values; at most %d are allowed", len(tags), label.MaxTagsPerUser)
	}
	if len(in.Category) > label.MaxCategories {
		return f, fault.Invalid("category", "has %d values; at most %d are allowed", len(in.Category), label.MaxCategories)
	}
	for _, p := range priorities {
		if err := checkPriority("priority", p); err != nil {
			return f, err
		}
	}
	f.Priorities = priorities
	if len(in.Category) > 0 {
		all, err := s.store.Categories(ctx, user.UserID)
		if err != nil {
			return f, err
		}
		if f.CategoryIDs, err = label.FindCategoriesByAny(all, in.Category); err != nil {
			return f, err
		}
	}
	if match != "" {
		if err := input.CheckEnum("tags_match", match, "any", "all"); err != nil {
			return f, err
		}
		f.AllTags = match == "all"
	}
	if len(tags) > 0 {
		all, err := s.store.Tags(ctx, user.UserID)
		if err != nil {
			return f, err
		}
		if f.TagIDs, err = label.FindTagsByAny(all, tags); err != nil {
			return f, err
		}
	}
	return f, nil
}

// bound parses the limit of a range. A bare date means the start of that day, so
// that due_after today with due_before tomorrow selects today's tasks.
func bound(field, text string, user person.Settings, now time.Time) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	due, err := readDue(field, text, user, now)
	if err != nil {
		return nil, err
	}
	if due.AllDay {
		due.Time = startOfDay(recurrence.Wall(due.Time, user.Zone()), user.Zone())
	}
	return &due.Time, nil
}

func page(sort SortKey, desc bool, limit, standard int, cursor string) (Paging, error) {
	p := Paging{Sort: sort, Desc: desc, Limit: limit}
	if limit == 0 {
		p.Limit = standard
	}
	if p.Limit < 1 || p.Limit > MaxLimit {
		return p, fault.Invalid("limit", "%d is out of range; allowed are 1 to %d, for example %d", limit, MaxLimit, standard)
	}
	if cursor != "" {
		position, err := decodeCursor(cursor, p)
		if err != nil {
			return p, err
		}
		p.After = position
	}
	return p, nil
}

// cursorContent is the content of a cursor: the position, and the order it belongs
// to, so that a cursor from another list is refused.
type cursorContent struct {
	Sort  SortKey `json:"s"`
	Desc  bool    `json:"d"`
	Value string  `json:"v"`
	ID    int64   `json:"i"`
}

func encodeCursor(p Paging, at Position) string {
	content, _ := json.Marshal(cursorContent{Sort: p.Sort, Desc: p.Desc, Value: at.Value, ID: at.ID})
	return base64.RawURLEncoding.EncodeToString(content)
}

func decodeCursor(cursor string, p Paging) (*Position, error) {
	wrong := fault.Invalid("cursor", "is not a cursor of this list; give next_cursor exactly as it was returned, with the other arguments unchanged, or leave it out to start from the beginning")
	content, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(content) > 2048 {
		return nil, wrong
	}
	var c cursorContent
	if err := json.Unmarshal(content, &c); err != nil || c.Sort != p.Sort || c.Desc != p.Desc || strings.ContainsRune(c.Value, 0) {
		return nil, wrong
	}
	return &Position{Value: c.Value, ID: c.ID}, nil
}

func listing(p Page, paging Paging) Listing {
	l := Listing{Page: p}
	if p.Next != nil {
		l.NextCursor = encodeCursor(paging, *p.Next)
	}
	return l
}
