package transfer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/task"
)

func TestDatesInWordsAreRead(t *testing.T) {
	c := clockFace{time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)} // a Monday
	for text, want := range map[string]when{
		"2026-03-05":              {due: "2026-03-05"},
		"2026-03-05 17:30":        {due: "2026-03-05T17:30"},
		"2026-03-05T17:30:00":     {due: "2026-03-05T17:30:00"},
		"2026-03-05T17:30:00Z":    {due: "2026-03-05T17:30:00Z"},
		"5 Mar 2027":              {due: "2027-03-05"},
		"Mar 5, 2027 at 5pm":      {due: "2027-03-05T17:00"},
		"2 Mar":                   {due: "2026-03-02"},
		"January 5":               {due: "2027-01-05"},
		"today 12am":              {due: "2026-03-02T00:00"},
		"tomorrow":                {due: "2026-03-03"},
		"17:00":                   {due: "2026-03-02T17:00"},
		"Monday":                  {due: "2026-03-09"},
		"every day":               {due: "2026-03-02", rule: "FREQ=DAILY", base: task.FromDue},
		"every! 3 days":           {due: "2026-03-02", rule: "FREQ=DAILY;INTERVAL=3", base: task.FromCompletion},
		"every other week at 9am": {due: "2026-03-02T09:00", rule: "FREQ=WEEKLY;INTERVAL=2", base: task.FromDue},
		"every weekday":           {due: "2026-03-02", rule: "weekdays", base: task.FromDue},
		"every tue, thu 9:15":     {due: "2026-03-03T09:15", rule: "FREQ=WEEKLY;BYDAY=TU,TH", base: task.FromDue},
		"every 31st":              {due: "2026-03-31", rule: "FREQ=MONTHLY;BYMONTHDAY=31", base: task.FromDue},
		"every 25 Dec":            {due: "2026-12-25", rule: "yearly", base: task.FromDue},
	} {
		got, ok := c.read(text)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"whenever", "every", "every never", "25:00", "13pm", "31 Feb 2026", "every 99th"} {
		_, ok := c.read(text)
		require.False(t, ok, text)
	}
}

func FuzzDatesInWords(f *testing.F) {
	f.Add("every! mon, tue at 9am")
	f.Fuzz(func(_ *testing.T, text string) {
		clockFace{time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}.read(text)
	})
}
