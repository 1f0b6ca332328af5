package operation

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/task"
)

// Fifty open tasks that remind and recur, fifty that are done, or fifty parts that wait
// and are blocked.
func TestFiftyConciseTasksAreSmallerThan16KB(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	user := person.Settings{UserID: 1, TimeZone: "America/Argentina/ComodRivadavia"}
	for _, kind := range []string{"open", "done", "structured"} {
		var page task.Listing
		for n := range 50 {
			due := now.Add(time.Duration(n) * time.Hour)
			one := &task.Task{
				ID: int64(1_000_000 + n), Title: fmt.Sprint("Write the minutes of the monthly meeting, part ", n), Priority: task.Medium,
				Description: "Everybody waits for them: send them to the whole list, and to those who were away too. " + strings.Repeat("And so on. ", 50), Category: &label.Category{ID: 7, Name: "Household"},
				Tags: []label.Tag{{ID: 1, Name: "home"}, {ID: 2, Name: "writing"}}, DueDate: &due, RemindAt: &now, TimeZone: user.TimeZone, Recurrence: &task.Recurrence{Rule: "FREQ=MONTHLY"},
			}
			switch kind {
			case "done":
				one.CompletedAt, one.RemindAt = &due, nil
			case "structured":
				parent, blockers := int64(1_000_100+n), []int64{1_000_200, 1_000_201, 1_000_202, 1_000_203}
				one.ParentID, one.BlockedBy, one.StartDate, one.WaitingFor, one.RemindAt, one.Recurrence = &parent, blockers, &now, "whatever the plumber and the tiler have to say about it", nil, nil
				one.Standing = task.Standing{OpenParts: 3, DoneParts: 12, OpenBlockers: blockers}
			}
			page.Hits = append(page.Hits, task.Hit{Task: one})
		}
		page.Total, page.NextCursor = 10_000, "eyJzIjoiY3JlYXRlZF9hdCIsImQiOnRydWUsInYiOiIyMDI2LTAzLTAyIDA4OjAwOjAwKzAwIiwiaSI6MTAwMDA0OX0"
		text, err := json.Marshal((&Operations{now: func() time.Time { return now }}).taskPage(user, page, Concise))
		require.NoError(t, err)
		t.Logf("%s: %d bytes", kind, len(text))
		require.Less(t, len(text), 16<<10)
	}
}

func TestListsSayWhichDescriptionsTheyCut(t *testing.T) {
	user := person.Settings{UserID: 1, TimeZone: "UTC"}
	view := func(length, tasks int, form Form) View {
		return viewTask(&task.Task{TimeZone: "UTC", Description: strings.Repeat("ä", length)}, user, form, time.Now(), preview(tasks))
	}
	for _, c := range []struct {
		length, tasks, shown int
		form                 Form
		cut                  bool
	}{{120, 20, 120, Concise, false}, {121, 20, 121, Concise, true}, {20, 21, 20, Concise, false}, {21, 21, 0, Concise, true}, {5000, 50, 5000, Detailed, false}} {
		v := view(c.length, c.tasks, c.form)
		require.Equal(t, c.shown, len([]rune(v.Description)), c)
		require.Equal(t, c.cut, v.DescriptionTruncated, c)
	}
}
