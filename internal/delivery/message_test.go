package delivery

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

// It is Monday 30 November 2026, 09:40 in Berlin.
var monday = time.Date(2026, 11, 30, 8, 40, 0, 0, time.UTC)

func TestTextOfADaySaysWhichDayItIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, day, want string }{
		{"Europe/Berlin", "2026-11-30", "is due today"},
		{"Europe/Berlin", "2026-12-01", "is due tomorrow"},
		{"Europe/Berlin", "2026-12-02", "is due on Wednesday"},
		{"Europe/Berlin", "2026-12-06", "is due on Sunday"},
		{"Europe/Berlin", "2026-12-07", "is due on 7 December 2026"},
		{"Europe/Berlin", "2026-11-29", "was due yesterday"},
		{"Europe/Berlin", "2026-11-27", "was due on Friday"},
		{"Europe/Berlin", "2026-11-23", "was due on 23 November 2026"},
		{"Pacific/Honolulu", "2026-11-29", "is due today"}, // it is still Sunday there
		{"Pacific/Honolulu", "2026-11-30", "is due tomorrow"},
		{"Pacific/Auckland", "2026-11-30", "is due today"},
		{"Pacific/Auckland", "2026-12-01", "is due tomorrow"},
	} {
		zone, err := time.LoadLocation(c.zone)
		require.NoError(t, err)
		due, err := time.ParseInLocation(time.DateTime, c.day+" 23:59:59", zone)
		require.NoError(t, err)
		r := &event.Reminder{ReminderFields: event.ReminderFields{DueDate: &due, AllDay: true, TimeZone: c.zone}}
		require.Equal(t, c.want, When(r, monday), "%s in %s", c.day, c.zone)
	}
}

func TestTextNeverSaysMoreThanIsLeft(t *testing.T) {
	t.Parallel()
	for left, want := range map[time.Duration]string{
		30 * time.Second:                           "is due now",
		time.Minute + 59*time.Second:               "is due in 1 minute",
		59*time.Minute + 59*time.Second:            "is due in 59 minutes",
		2 * time.Hour:                              "is due in 2 hours",
		2*time.Hour + 10*time.Minute:               "is due in 2 hours 10 minutes",
		2*time.Hour + 10*time.Minute + time.Second: "is due in 2 hours 10 minutes",
		3*time.Hour - time.Second:                  "is due in 2 hours 59 minutes",
		47*time.Hour + 59*time.Minute:              "is due in 47 hours 59 minutes",
		49 * time.Hour:                             "is due in 2 days",
		59 * 24 * time.Hour:                        "is due in 59 days",
		61 * 24 * time.Hour:                        "is due on 30 January 2027 at 08:40",
		-59 * 24 * time.Hour:                       "was due 59 days ago",
		-3_635_131 * time.Minute:                   "was due on 1 January 2020 at 23:09",
		72*time.Hour - time.Second:                 "is due in 2 days",
		-time.Second:                               "was due 1 minute ago",
		-2*time.Hour - 10*time.Minute:              "was due 2 hours 10 minutes ago",
	} {
		due := monday.Add(left)
		require.Equal(t, want, When(&event.Reminder{ReminderFields: event.ReminderFields{DueDate: &due}}, monday), left)
	}
}
