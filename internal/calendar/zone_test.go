package calendar

import (
	"testing"
	"time"

	"github.com/emersion/go-ical"
	"github.com/stretchr/testify/require"
)

func TestZoneIsWrittenBeyondTheLeapYearsOfItsTable(t *testing.T) {
	at := time.Date(2039, 6, 1, 0, 0, 0, 0, time.UTC)
	for _, name := range []string{"America/New_York", "America/St_Johns", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Chatham", "Europe/Dublin", "Asia/Kolkata"} {
		written := make(chan *ical.Component, 1)
		go func() { written <- timezone(name, span{at, at.AddDate(10, 0, 0)}, at) }()
		select {
		case zone := <-written:
			changes := 0
			for _, observance := range zone.Children {
				changes += len(observance.Props.Values(ical.PropRecurrenceDates))
			}
			if name != "Asia/Kolkata" {
				require.Equal(t, 2*16, changes, name) // of 2039 to 2054
			}
		case <-time.After(time.Minute):
			require.FailNow(t, "it is still being written", name)
		}
	}
}
