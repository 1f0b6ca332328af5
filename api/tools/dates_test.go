package tools

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// settle changes the user's settings, which later calls come with.
func (c *caller) settle(t *testing.T, arguments string) {
	t.Helper()
	c.call(t, "user_settings", arguments)
	var err error
	c.user, err = c.store.Settings(t.Context(), c.user.UserID)
	require.NoError(t, err)
}

func TestSnoozeIntoQuietHoursIsToldWhenItComes(t *testing.T) {
	ann, _ := callers(t) // in Berlin, 09:00
	ann.settle(t, `{"quiet_hours":"22:00-07:00 except urgent"}`)
	id := ann.add(t, `{"title":"x","due_date":"2026-03-05T12:00"}`)
	snooze := func(id, minutes int) fields {
		return ann.call(t, "set_reminder", fmt.Sprintf(`{"task_id":%d,"snooze_minutes":%d}`, id, minutes))
	}
	require.Contains(t, snooze(id, 14*60)["note"], "in the quiet hours: it comes at their end, 2026-03-03T07:00:00+01:00", "23:00")
	require.NotContains(t, fmt.Sprint(snooze(id, 60)["note"]), "quiet")
	urgent := ann.add(t, `{"title":"x","due_date":"2026-03-05T12:00","priority":"urgent"}`)
	require.NotContains(t, fmt.Sprint(snooze(urgent, 14*60)["note"]), "quiet")
	require.Contains(t, snooze(id, 4*24*60)["note"], "after the due date, 2026-03-05T12:00:00+01:00")
}

func TestOverviewElsewhereHasADayOnItsDayAndIsInOneZone(t *testing.T) {
	ann, _ := callers(t) // in Berlin, Monday 2 March, 09:00
	for _, one := range []string{
		`{"title":"sunday","due_date":"2026-03-01"}`, `{"title":"monday","due_date":"2026-03-02"}`, `{"title":"daily","due_date":"2026-03-03","recurrence_rule":"daily"}`,
		`{"title":"abroad","due_date":"2026-03-03T10:00","time_zone":"America/New_York","recurrence_rule":"weekly"}`, `{"title":"late","due_date":"2026-03-02T08:00"}`,
	} {
		ann.add(t, one)
	}
	titles := func(overview fields, part string) (all []string) {
		for _, one := range overview[part].(fields)["tasks"].([]any) {
			all = append(all, one.(fields)["title"].(string)+" "+one.(fields)["due_date"].(string))
		}
		return all
	}
	home := ann.call(t, "get_overview", `{"days":1}`)
	require.Equal(t, []string{"sunday 2026-03-01", "late 2026-03-02T08:00:00+01:00"}, titles(home, "overdue"))
	require.Equal(t, []string{"monday 2026-03-02"}, titles(home, "today"))

	ann.settle(t, `{"time_zone":"Pacific/Honolulu"}`) // Sunday, 22:00
	there := ann.call(t, "get_overview", `{"days":2}`)
	require.Equal(t, []string{"late 2026-03-01T21:00:00-10:00"}, titles(there, "overdue"))
	require.Equal(t, []string{"sunday 2026-03-01"}, titles(there, "today"))
	require.Equal(t, []string{"monday 2026-03-02", "abroad 2026-03-03T05:00:00-10:00", "daily 2026-03-03"}, titles(there, "upcoming"))
	require.Equal(t, "2026-03-01T22:00:00-10:00", there["now"])
	require.Equal(t, "2026-03-04T00:00:00-10:00", there["until"])
	require.NotEmpty(t, there["agenda"])
	for _, one := range there["agenda"].([]any) {
		date := one.(fields)["due_date"].(string)
		require.True(t, len(date) == len("2026-03-03") || strings.HasSuffix(date, "-10:00"), date)
	}
}
