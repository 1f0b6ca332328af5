package transfer

import (
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-ical"

	"tickler/internal/person"
	"tickler/internal/recurrence"
)

const (
	// maxZones is how many time zones of one calendar are looked at, and maxOnsets how
	// many observances and listed onsets each may have.
	maxZones  = 100
	maxOnsets = 1000
)

// zoneRules are a VTIMEZONE of a calendar (RFC 5545, section 3.6.5).
type zoneRules struct {
	location    string // X-LIC-LOCATION: the name that was meant
	observances []observance
	agreeing    *time.Location // of the tz database; nil: none agrees
	compared    bool
}

// observance is an offset with the wall times at which it begins, in the offset before.
type observance struct {
	before, after time.Duration // offsets from UTC
	start         time.Time     // wall time
	rule          *recurrence.Rule
	listed        []time.Time
}

// readZone reads a VTIMEZONE.
func readZone(c *ical.Component) (name string, z *zoneRules) {
	z = &zoneRules{location: raw(c, "X-LIC-LOCATION")}
	for _, child := range c.Children {
		start, err := time.Parse("20060102T150405", strings.TrimSuffix(raw(child, ical.PropDateTimeStart), "Z"))
		before, okBefore := offsetOf(raw(child, ical.PropTimezoneOffsetFrom))
		after, okAfter := offsetOf(raw(child, ical.PropTimezoneOffsetTo))
		if err != nil || !okBefore || !okAfter || len(z.observances) == maxOnsets {
			continue
		}
		o := observance{before: before, after: after, start: start}
		if rule := raw(child, ical.PropRecurrenceRule); rule != "" {
			o.rule, _ = recurrence.Parse(rule)
		}
		for _, dates := range child.Props.Values(ical.PropRecurrenceDates) {
			for text := range strings.SplitSeq(dates.Value, ",") {
				if at, err := time.Parse("20060102T150405", strings.TrimSpace(text)); err == nil && len(o.listed) < maxOnsets {
					o.listed = append(o.listed, at)
				}
			}
		}
		z.observances = append(z.observances, o)
	}
	return raw(c, ical.PropTimezoneID), z
}

// offsetOf reads an offset from UTC: RFC 5545, section 3.3.14.
func offsetOf(text string) (time.Duration, bool) {
	for _, form := range []string{"-0700", "-070000"} {
		if at, err := time.Parse(form, text); err == nil {
			_, seconds := at.Zone()
			return time.Duration(seconds) * time.Second, true
		}
	}
	return 0, false
}

// began is the last instant at or before another at which the observance began.
func (o observance) began(at time.Time) (time.Time, bool) {
	found, last := false, time.Time{}
	consider := func(wall time.Time) {
		if onset := wall.Add(-o.before); !onset.After(at) && (!found || onset.After(last)) {
			found, last = true, onset
		}
	}
	consider(o.start)
	for _, wall := range o.listed {
		consider(wall)
	}
	if o.rule == nil {
		return last, found
	}
	series := recurrence.Series{Rule: o.rule, Start: o.start, Zone: time.FixedZone("", int(o.before/time.Second)), Work: recurrence.NewWork(100_000)}
	for _, years := range []int{2, 100} { // a rule that has ended is looked for further back
		before := found && last.After(o.start.Add(-o.before))
		for _, one := range series.After(at.AddDate(-years, 0, 0), years*2) {
			consider(one.Wall)
		}
		if before || found && last.After(at.AddDate(-years, 0, 0)) {
			break
		}
	}
	return last, found
}

// offset is the offset from UTC at an instant.
func (z *zoneRules) offset(at time.Time) time.Duration {
	var offset time.Duration
	var latest time.Time
	found := false
	for _, o := range z.observances {
		if began, ok := o.began(at); ok && (!found || began.After(latest)) {
			found, latest, offset = true, began, o.after
		}
	}
	if found || len(z.observances) == 0 {
		return offset
	}
	first := slices.MinFunc(z.observances, func(a, b observance) int { return a.start.Compare(b.start) })
	return first.before
}

// instant is when the zone's clocks first show a wall time; one that they skip moves
// forward by the gap.
func (z *zoneRules) instant(wall time.Time) time.Time {
	near := z.offset(wall.Add(-24 * time.Hour))
	far := z.offset(wall.Add(24 * time.Hour))
	for _, offset := range []time.Duration{max(near, far), min(near, far)} { // the earlier instant first
		if at := wall.Add(-offset); z.offset(at) == offset {
			return at
		}
	}
	return wall.Add(-near)
}

// zone is the zone of the tz database whose clocks have agreed since last year and
// will for some years; nil if there is none. The well-known ones come first, then those
// that Windows' names stand for.
func (z *zoneRules) zone(now time.Time) *time.Location {
	if z.compared || len(z.observances) == 0 {
		return z.agreeing
	}
	z.compared = true
	const step = 7 * 24 * time.Hour
	var offsets []int
	begin := now.AddDate(-1, 0, 0).Truncate(step)
	for n := range 6 * 53 {
		offsets = append(offsets, int(z.offset(begin.Add(time.Duration(n)*step))/time.Second))
	}
	names := strings.Fields("America/New_York America/Chicago America/Denver America/Los_Angeles Europe/London Europe/Berlin Europe/Helsinki Asia/Kolkata Asia/Tokyo Australia/Sydney")
	for line := range strings.Lines(windowsText) {
		if _, name, found := strings.Cut(strings.TrimSpace(line), "\t"); found {
			names = append(names, name)
		}
	}
	for _, name := range append(names, person.ZoneNames()...) {
		zone := person.Zone(name)
		n := 0
		for _, offset := range offsets {
			if _, seconds := begin.Add(time.Duration(n) * step).In(zone).Zone(); seconds != offset {
				break
			}
			n++
		}
		if n == len(offsets) {
			z.agreeing = zone
			return zone
		}
	}
	return nil
}
