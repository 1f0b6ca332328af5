package task_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/task"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	require.NoError(t, err)
	return z
}

func TestDueDateIsReadAsItWasMeant(t *testing.T) {
	cases := []struct {
		name, text, zone, want string
		allDay                 bool
	}{
		{"bare date is that day, due at its end", "2026-03-01", "Europe/Berlin", "2026-03-01T22:59:59Z", true},
		{"local date-time is in the zone", "2026-07-01T17:30", "Europe/Berlin", "2026-07-01T15:30:00Z", false},
		{"seconds", "2026-07-01T17:30:15", "Europe/Berlin", "2026-07-01T15:30:15Z", false},
		{"a blank instead of the T", "2026-07-01 17:30", "Europe/Berlin", "2026-07-01T15:30:00Z", false},
		{"offset wins over the zone", "2026-07-01T17:30:00-05:00", "Europe/Berlin", "2026-07-01T22:30:00Z", false},
		{"Z", "2026-07-01T17:30:00Z", "Europe/Berlin", "2026-07-01T17:30:00Z", false},
		{"offset without colon or seconds", "2026-07-01T17:30+0200", "UTC", "2026-07-01T15:30:00Z", false},
		{"fraction of a second", "2026-07-01T17:30:00.123456789Z", "UTC", "2026-07-01T17:30:00.123456Z", false},
		{"wall time that does not exist moves forward by the gap", "2026-03-08T02:30", "America/New_York", "2026-03-08T07:30:00Z", false},
		{"wall time that exists twice is the first", "2026-11-01T01:30", "America/New_York", "2026-11-01T05:30:00Z", false},
		{"leap day", "2028-02-29", "UTC", "2028-02-29T23:59:59Z", true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			due, err := task.ParseDue("due_date", c.text, zone(t, c.zone))
			require.NoError(t, err)
			require.Equal(t, c.want, due.Time.Format(time.RFC3339Nano))
			require.Equal(t, c.allDay, due.AllDay)
		})
	}
}

func TestDueDateThatIsNoneIsRefusedWithExamples(t *testing.T) {
	for _, text := range []string{"", " ", "tomorrow", "2026-02-30", "2026-13-01", "2026-03-01T25:00", "2026-03-01T", "2026", "03/01/2026", "2026-03-01T10:00+99:00", "0001-01-01", "9999-12-31T23:59:59-12:00", "２０２６-03-01", "2026-03-01\x00"} {
		_, err := task.ParseDue("due_date", text, time.UTC)
		var e *fault.Error
		require.ErrorAs(t, err, &e, "%q", text)
		require.Equal(t, fault.InvalidInput, e.Code)
		require.Equal(t, "due_date", e.Field)
		require.Contains(t, e.Message, "2026-03-01T17:30")
	}
}

func FuzzParseDue(f *testing.F) {
	for _, seed := range []string{"2026-03-01", "2026-03-01T17:30", "2026-03-01T17:30:00.5+01:00", "x"} {
		f.Add(seed)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		due, err := task.ParseDue("due_date", text, berlin)
		if err != nil {
			return
		}
		again, err := task.ParseDue("due_date", due.Time.Format(time.RFC3339Nano), berlin)
		require.NoError(t, err)
		require.True(t, again.Time.Equal(due.Time))
	})
}
