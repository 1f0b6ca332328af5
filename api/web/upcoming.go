package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"tickler/api/operation"
	"tickler/internal/person"
)

// day is a day with what is due on it.
type day struct {
	Name, ID string
	Rows     []row
	at       time.Time
}

type upcomingData struct {
	Days  []day
	Ahead int      // how many days are shown
	Spans []option // others that can be
	More  string   // path of the list with the rest, "" if this is all
	Total int
	Note  string
}

// spans are how far ahead the page can look, in days.
var spans = []int{7, 14, 30, 90}

func (s *server) upcoming(c *gin.Context, user person.Settings) error {
	ahead, err := strconv.Atoi(cmp.Or(c.Query("days"), "14"))
	if err != nil || !slices.Contains(spans, ahead) {
		ahead = 14
	}
	clock := s.clock(user)
	today := clock.now.In(clock.zone)
	from, to := today.Format(time.DateOnly), today.AddDate(0, 0, ahead).Format(time.DateOnly)
	found, err := call[operation.TaskPage](c.Request.Context(), s.Operations, "list_tasks", arguments{
		"status": "pending", "due_after": from, "due_before": to, "sort_by": "due_date", "limit": 100,
	})
	if err != nil {
		return err
	}
	data := upcomingData{Ahead: ahead, Total: found.Total, Note: found.Note}
	for _, n := range spans {
		data.Spans = append(data.Spans, option{strconv.Itoa(n), plural(n, "day")})
	}
	last := time.Time{} // beyond it the list has more tasks, so what else is due there is not known
	if found.NextCursor != "" {
		data.More = "/tasks?due_after=" + from + "&due_before=" + to
		if due, ok := clock.read(found.Tasks[len(found.Tasks)-1].DueDate); ok {
			last = due.at
		}
	}
	rows := clock.rows(found.Tasks, clock.inDay)
	for _, one := range found.Agenda {
		if at, ok := clock.read(one.DueDate); one.ToCome && ok && (last.IsZero() || at.at.Before(last)) {
			rows = append(rows, row{View: operation.View{ID: one.TaskID, Title: one.Title, DueDate: one.DueDate, AllDay: at.allDay}, When: clock.inDay(one.DueDate), Coming: true})
		}
	}
	data.Days = clock.byDay(rows)
	s.Pages.Show(c, http.StatusOK, "upcoming", Page{Title: "Upcoming", Current: "/upcoming", Data: data})
	return nil
}

// inDay writes a date under the heading of its day.
func (c clock) inDay(text string) string {
	if d, ok := c.read(text); ok && !d.allDay {
		return d.at.Format("15:04")
	}
	return "any time"
}

// byDay puts rows under the days that they are due on, in order: first what has a
// time of day, as in the list of today.
func (c clock) byDay(rows []row) []day {
	var days []day
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(c.placeOf(a), c.placeOf(b)) })
	for _, one := range rows {
		due, ok := c.read(one.DueDate)
		if !ok {
			continue
		}
		name := due.at.Format(time.DateOnly)
		if len(days) == 0 || days[len(days)-1].ID != name {
			heading := due.at.Format("Monday 2 January")
			if near := c.days(due.at); near == 0 || near == 1 {
				heading = c.day(due.at) + ", " + heading
			}
			days = append(days, day{Name: heading, ID: name, at: due.at})
		}
		days[len(days)-1].Rows = append(days[len(days)-1].Rows, one)
	}
	return days
}

// placeOf orders rows by when they are due, whole days at their end.
func (c clock) placeOf(r row) int64 {
	due, _ := c.read(r.DueDate)
	if due.allDay {
		return due.at.AddDate(0, 0, 1).Unix() - 1
	}
	return due.at.Unix()
}
