package transfer_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/input"
	"tickler/internal/task"
)

// structured gives ann a tree in which the root came last, and a part waits for one
// outside of it.
func (b *bundle) structured(t *testing.T) {
	t.Helper()
	ids := map[string]int64{}
	for _, title := range []string{"Lay", "Tiles", "Bathroom", "Permit"} {
		added, err := b.tasks.Add(b.ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some(title), DueDate: input.Some("2026-03-20T09:00")}})
		require.NoError(t, err)
		ids[title] = added.Task.ID
	}
	for title, fields := range map[string]task.Fields{
		"Lay":   {ParentID: input.Some(ids["Bathroom"]), BlockedBy: input.Some([]int64{ids["Tiles"], ids["Permit"]}), StartDate: input.Some("2026-03-15")},
		"Tiles": {ParentID: input.Some(ids["Bathroom"]), StartDate: input.Some("2026-03-14T08:00"), WaitingFor: input.Some("a sample; blue")},
	} {
		_, err := b.tasks.Update(b.ctx, b.ann, task.UpdateInput{TaskID: ids[title], Fields: fields})
		require.NoError(t, err)
	}
}

func TestStructureIsExportedAndImported(t *testing.T) {
	b := setup(t)
	b.structured(t)
	hers := b.all(t, b.ann)
	_, text := b.export(t, b.ann)
	require.Equal(t, 4, b.bring(t, b.bob, "application/json", text, true).Created)
	report := b.bring(t, b.bob, "application/json", text, false)
	require.Equal(t, 4, report.Created)
	for n, row := range report.Rows {
		require.Equal(t, n+1, row.Row, "in the order of the file")
		require.Empty(t, row.Notes)
	}
	his := b.all(t, b.bob)
	require.Equal(t, his["Bathroom"].ID, *his["Lay"].ParentID)
	require.Equal(t, his["Bathroom"].ID, *his["Tiles"].ParentID)
	require.ElementsMatch(t, []int64{his["Tiles"].ID, his["Permit"].ID}, his["Lay"].BlockedBy)
	for title, one := range his {
		require.NotEqual(t, hers[title].ID, one.ID)
		require.Equal(t, hers[title].WaitingFor, one.WaitingFor)
		require.Equal(t, hers[title].StartText(time.UTC), one.StartText(time.UTC), title)
	}
	require.Zero(t, b.bring(t, b.bob, "application/json", text, false).Created)
}

func TestFeedSaysWhatATaskIsAPartOfAndWaitsFor(t *testing.T) {
	b := setup(t)
	b.structured(t)
	hers := b.all(t, b.ann)
	feed := b.feed(t, b.ann, time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))
	require.Contains(t, feed, fmt.Sprintf("RELATED-TO;RELTYPE=PARENT:task-%d-todo@tickler.example.org", hers["Bathroom"].ID))
	require.Contains(t, feed, "RELTYPE=DEPENDS-ON")
	b.bring(t, b.bob, "text/calendar", feed, false)
	his := b.all(t, b.bob)
	require.Equal(t, his["Bathroom"].ID, *his["Lay"].ParentID)
	require.ElementsMatch(t, []int64{his["Tiles"].ID, his["Permit"].ID}, his["Lay"].BlockedBy)
}

func TestWhatCannotBeAPartStandsByItselfAndSaysSo(t *testing.T) {
	b := setup(t)
	file := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
	for level := range 7 {
		file += fmt.Sprintf("BEGIN:VTODO\r\nUID:%d\r\nSUMMARY:Level %d\r\nRELATED-TO:%d\r\nEND:VTODO\r\n", level+1, level+1, level)
	}
	file += "BEGIN:VTODO\r\nUID:a\r\nSUMMARY:A\r\nRELATED-TO:b\r\nEND:VTODO\r\nBEGIN:VTODO\r\nUID:b\r\nSUMMARY:B\r\nRELATED-TO:a\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
	require.Equal(t, 9, b.bring(t, b.ann, "text/calendar", file, false).Created)
	found := b.all(t, b.ann)
	require.Equal(t, found["Level 4"].ID, *found["Level 5"].ParentID)
	require.Nil(t, found["Level 6"].ParentID, "a tree has five levels")
	require.Contains(t, found["Level 6"].Description, "Part of: Level 5")
	require.Equal(t, found["Level 6"].ID, *found["Level 7"].ParentID)
	require.True(t, (found["A"].ParentID == nil) != (found["B"].ParentID == nil), "one of a circle stands by itself")
}

func TestTreeThatIsTooDeepIsToldByADryRunToo(t *testing.T) {
	b := setup(t)
	file := "- A\n  - B\n    - C\n      - D\n        - E\n          - F\n            - G\n"
	for _, dryRun := range []bool{true, false} {
		report := b.bring(t, b.ann, "text/markdown", file, dryRun)
		require.Equal(t, 7, report.Created)
		for _, row := range report.Rows {
			require.Equal(t, row.Title == "F", len(row.Notes) > 0, "%+v", row)
		}
	}
	all := b.all(t, b.ann)
	require.Nil(t, all["F"].ParentID)
	require.Contains(t, all["F"].Description, "Part of: E")
	require.Equal(t, all["F"].ID, *all["G"].ParentID)
}
