package person

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
)

func TestQuietHoursHoldBackToTheirEnd(t *testing.T) {
	cases := []struct {
		name, hours, zone, at, want string
		urgent                      bool
	}{
		{"before", "22:00-07:00", "Europe/Berlin", "2026-06-01T21:59:59+02:00", "", false},
		{"at the start", "22:00-07:00", "Europe/Berlin", "2026-06-01T22:00:00+02:00", "2026-06-02T07:00:00+02:00", false},
		{"after midnight", "22:00-07:00", "Europe/Berlin", "2026-06-02T03:00:00+02:00", "2026-06-02T07:00:00+02:00", false},
		{"at the end", "22:00-07:00", "Europe/Berlin", "2026-06-02T07:00:00+02:00", "", false},
		{"within a day", "13:00-15:00", "Europe/Berlin", "2026-06-01T14:00:00+02:00", "2026-06-01T15:00:00+02:00", false},
		{"within a day, the night", "13:00-15:00", "Europe/Berlin", "2026-06-01T23:00:00+02:00", "", false},
		{"urgent, not excepted", "22:00-07:00", "Europe/Berlin", "2026-06-01T23:00:00+02:00", "2026-06-02T07:00:00+02:00", true},
		{"urgent, excepted", "22:00-07:00 except urgent", "Europe/Berlin", "2026-06-01T23:00:00+02:00", "", true},
		{"high, urgent excepted", "22:00-07:00 except urgent", "Europe/Berlin", "2026-06-01T23:00:00+02:00", "2026-06-02T07:00:00+02:00", false},
		{"clocks go forward: the night is an hour shorter", "22:00-07:00", "Europe/Berlin", "2026-03-28T23:00:00+01:00", "2026-03-29T07:00:00+02:00", false},
		{"an end that is skipped moves by the gap", "22:00-02:30", "Europe/Berlin", "2026-03-29T01:59:00+01:00", "2026-03-29T03:30:00+02:00", false},
		{"after an end that was skipped", "22:00-02:30", "Europe/Berlin", "2026-03-29T03:30:00+02:00", "", false},
		{"a start that is skipped", "02:30-07:00", "Europe/Berlin", "2026-03-29T03:15:00+02:00", "", false},
		{"clocks go back: the night is an hour longer", "22:00-07:00", "Europe/Berlin", "2026-10-25T02:30:00+01:00", "2026-10-25T07:00:00+01:00", false},
		{"an end that comes twice is the first", "22:00-02:30", "Europe/Berlin", "2026-10-25T02:15:00+02:00", "2026-10-25T02:30:00+02:00", false},
		{"and as quiet the second time", "22:00-02:30", "Europe/Berlin", "2026-10-25T02:15:00+01:00", "2026-10-25T02:30:00+01:00", false},
		{"midnight that does not exist", "23:00-00:30", "America/Santiago", "2026-09-05T23:30:00-04:00", "2026-09-06T01:30:00-03:00", false},
		{"the person's zone counts", "22:00-07:00", "America/New_York", "2026-06-01T22:00:00+02:00", "", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			hours, err := ParseQuietHours("quiet_hours", c.hours)
			require.NoError(t, err)
			zone, err := time.LoadLocation(c.zone)
			require.NoError(t, err)
			at, err := time.Parse(time.RFC3339, c.at)
			require.NoError(t, err)
			want := at
			if c.want != "" {
				want, err = time.Parse(time.RFC3339, c.want)
				require.NoError(t, err)
			}
			require.Equal(t, want.UTC(), hours.HeldUntil(at, c.urgent, zone).UTC())
		})
	}
}

func TestQuietHoursAreReadAsTheyAreWritten(t *testing.T) {
	for text, want := range map[string]string{
		"22:00-07:00": "22:00-07:00", " 9:05 – 17:00 ": "09:05-17:00", "22:00 to 07:00 except urgent": "22:00-07:00 except urgent",
	} {
		hours, err := ParseQuietHours("quiet_hours", text)
		require.NoError(t, err)
		require.Equal(t, want, hours.String())
	}
	for _, text := range []string{"", "22-7", "22:00", "24:00-07:00", "22:60-07:00", "22:00-22:00", "22:00-07:00 urgent", "at night"} {
		_, err := ParseQuietHours("quiet_hours", text)
		var e *fault.Error
		require.ErrorAs(t, err, &e, text)
		require.Equal(t, "quiet_hours", e.Field)
	}
	require.Empty(t, (*QuietHours)(nil).String())
}
