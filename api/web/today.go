package web

import (
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"tickler/api/operation"
	"tickler/internal/person"
)

// section is a part of a page with its own heading.
type section struct {
	Name  string
	Count int
	Rows  []row
	More  string // path of the list that has the rest, "" if this is all
	IDs   []int64
}

// Anchor is the section's id in the document.
func (s section) Anchor() string { return strings.ToLower(strings.ReplaceAll(s.Name, " ", "-")) }

type todayData struct {
	Date     string
	Zone     string
	Clock    string
	Day      string // of today, as forms send it
	Add      *quickAdd
	Sections []section
	Empty    bool // there is no task at all
	Clear    bool // nothing is overdue or due today
}

// inToday is how many tasks each part of today shows.
const inToday = 25

func (s *server) today(c *gin.Context, user person.Settings) error {
	return s.showToday(c, http.StatusOK, user, &quickAdd{})
}

func (s *server) showToday(c *gin.Context, status int, user person.Settings, add *quickAdd) error {
	found, err := call[operation.OverviewAnswer](c.Request.Context(), s.Operations, "get_overview", arguments{"limit": inToday})
	if err != nil {
		return err
	}
	clock := s.clock(user)
	now := clock.now.In(clock.zone)
	data := todayData{Date: now.Format("Monday 2 January") + ", " + place(user.TimeZone), Zone: user.TimeZone, Clock: now.Format("15:04"), Day: now.Format(time.DateOnly), Add: add}
	later := url.Values{"status": {"pending"}, "sort_by": {"due_date"}}
	more := func(filters ...string) string {
		query := maps.Clone(later)
		for i := 0; i < len(filters); i += 2 {
			query.Set(filters[i], filters[i+1])
		}
		return "/tasks?" + query.Encode()
	}
	apart := map[int64]string{} // titles of the tasks that stand in a part of the day
	for _, part := range []operation.OverviewPart{found.Overdue, found.Today, found.Upcoming, found.Undated} {
		for _, one := range part.Tasks {
			apart[one.ID] = one.Title
		}
	}
	for _, one := range []struct {
		name string
		part operation.OverviewPart
		when func(string) string
		more string
	}{
		{"Overdue", found.Overdue, clock.full, more("due_before", found.Now)},
		{"Today", found.Today, clock.short, more("due_after", now.Format(time.DateOnly), "due_before", now.AddDate(0, 0, 1).Format(time.DateOnly))},
		{"Next steps", nextSteps(found.Ready, apart), clock.full, "/tasks?status=ready"},
		{"Coming", found.Upcoming, clock.full, "/upcoming"},
		{"Without a date", found.Undated, clock.full, more("sort_by", "priority")},
		{"Waiting", orNone(found.Waiting), clock.full, "/tasks?status=waiting"},
	} {
		if one.part.Count == 0 {
			continue
		}
		shown := section{Name: one.name, Count: one.part.Count, Rows: clock.rows(one.part.Tasks, one.when)}
		for i, step := range one.part.Tasks {
			if whole, known := apart[step.ParentID]; known && one.name == "Next steps" {
				shown.Rows[i].Standing = append(shown.Rows[i].Standing, "part of "+quoted(whole))
			}
		}
		if one.part.Count > len(one.part.Tasks) {
			shown.More = one.more
		}
		if one.name == "Overdue" {
			for _, late := range one.part.Tasks {
				shown.IDs = append(shown.IDs, late.ID)
			}
		}
		data.Sections = append(data.Sections, shown)
	}
	data.Clear = found.Overdue.Count == 0 && found.Today.Count == 0
	if len(data.Sections) == 0 {
		all, err := call[operation.TaskPage](c.Request.Context(), s.Operations, "list_tasks", arguments{"limit": 1})
		if err != nil {
			return err
		}
		data.Empty = all.Total == 0
	}
	s.Pages.Show(c, status, "today", Page{Title: "Today", Current: "/", Data: data})
	return nil
}

// nextSteps are the parts of tasks that can be done now and stand nowhere else: the rest
// of the day shows only what they are parts of.
func nextSteps(ready *operation.OverviewPart, elsewhere map[int64]string) operation.OverviewPart {
	steps := orNone(ready)
	all := steps.Tasks
	steps.Tasks = slices.DeleteFunc(slices.Clone(all), func(t operation.View) bool { return t.ParentID == 0 || elsewhere[t.ID] != "" })
	if steps.Count -= len(all) - len(steps.Tasks); len(steps.Tasks) == 0 {
		steps.Count = 0
	}
	return steps
}

func orNone(part *operation.OverviewPart) operation.OverviewPart {
	if part == nil {
		return operation.OverviewPart{}
	}
	return *part
}

// place is a zone as a person says it: New York for America/New_York.
func place(zone string) string {
	return strings.ReplaceAll(path.Base(zone), "_", " ")
}
