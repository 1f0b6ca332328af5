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

func TestFiftyConciseTasksAreSmallerThan16KB(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	user := person.Settings{UserID: 1, TimeZone: "America/Argentina/ComodRivadavia"}
	var page task.Listing
	for n := range 50 {
		due := now.Add(time.Duration(n) * time.Hour)
		page.Hits = append(page.Hits, task.Hit{Task: &task.Task{
			ID: int64(1_000_000 + n), Title: fmt.Sprint("Write the minutes of the monthly meeting, part ", n), Priority: task.Medium,
			Description: "Everybody waits for them: send them to the whole list, and to those who were away too. " + strings.Repeat("And so on. ", 50), Category: &label.Category{ID: 7, Name: "Household"},
			Tags: []label.Tag{{ID: 1, Name: "home"}, {ID: 2, Name: "writing"}}, DueDate: &due, RemindAt: &now, TimeZone: user.TimeZone, Recurrence: &task.Recurrence{Rule: "FREQ=MONTHLY"},
		}})
	}
	page.Total, page.NextCursor = 10_000, "eyJzIjoiY3JlYXRlZF9hdCIsImQiOnRydWUsInYiOiIyMDI2LTAzLTAyIDA4OjAwOjAwKzAwIiwiaSI6MTAwMDA0OX0"
	text, err := json.Marshal((&Operations{now: func() time.Time { return now }}).taskPage(user, page, Concise))
	require.NoError(t, err)
	t.Logf("%d bytes", len(text))
	require.Less(t, len(text), 16<<10)
}
