package calendar

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/emersion/go-ical"

	"tickler/internal/recurrence"
)

// ahead is for how many years beyond the last named date a zone's transitions are
// written, since rules continue without end.
const ahead = 5

func sorted(zones map[string]*span) []string { return slices.Sorted(maps.Keys(zones)) }

// timezone describes a zone as in the time zone database (RFC 5545, section 3.6.5):
// the offset at the beginning of the first date's year, and each transition from
// then on.
func timezone(name string, dates span, now time.Time) *ical.Component {
	c := ical.NewComponent(ical.CompTimezone)
	set(c, ical.PropTimezoneID, name)
	zone, err := time.LoadLocation(name)
	if err != nil {
		zone = time.UTC
	}
	begin := time.Date(dates.first.In(zone).Year(), 1, 1, 0, 0, 0, 0, zone)
	end := time.Date(max(dates.last.In(zone).Year(), now.Year())+ahead, 12, 31, 0, 0, 0, 0, zone)
	_, offset := begin.Zone()
	c.Children = append(c.Children, observance(begin, recurrence.Wall(begin, zone), offset))
	same := map[string]*ical.Component{} // transitions between the same offsets share one observance
	for at := begin; ; {
		change := recurrence.NextChange(at)
		if change.IsZero() || change.After(end) {
			return c
		}
		_, before := change.Add(-time.Second).Zone()
		if _, after := change.Zone(); after != before {
			// An observance starts in the wall time before the transition.
			start := recurrence.Wall(change, zone).Add(time.Duration(before-after) * time.Second)
			o := observance(change, start, before)
			key := fmt.Sprintf("%s %d %d %v", o.Props.Get(ical.PropTimezoneName).Value, before, after, change.IsDST())
			if same[key] == nil {
				same[key] = o
				c.Children = append(c.Children, o)
			}
			// The first date is listed too, as in the dates of a series.
			prop := ical.NewProp(ical.PropRecurrenceDates)
			prop.Value = start.Format(wallForm)
			same[key].Props.Add(prop)
		}
		at = change
	}
}

// observance is an offset that applies from start on, which is wall time before the
// transition.
func observance(from, start time.Time, before int) *ical.Component {
	kind := ical.CompTimezoneStandard
	if from.IsDST() {
		kind = ical.CompTimezoneDaylight
	}
	name, after := from.Zone()
	c := ical.NewComponent(kind)
	set(c, ical.PropDateTimeStart, start.Format(wallForm))
	set(c, ical.PropTimezoneOffsetFrom, offset(before))
	set(c, ical.PropTimezoneOffsetTo, offset(after))
	setText(c, ical.PropTimezoneName, name)
	return c
}

// offset from UTC in the form of RFC 5545, section 3.3.14.
func offset(seconds int) string {
	sign := "+"
	if seconds < 0 {
		sign, seconds = "-", -seconds
	}
	text := fmt.Sprintf("%s%02d%02d", sign, seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		text += fmt.Sprintf("%02d", seconds%60)
	}
	return text
}
