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
	// maxZones is how many time zones of one calendar are kept, and maxWorkedOut how
	// many of a file are worked out.
	maxZones, maxWorkedOut = 100, 200
	// maxObservances and maxListed bound the parts of a zone, and the onsets that all
	// of them list.
	maxObservances, maxListed = 200, 2000
)

// The years in which the rules of a zone are worked out.
var (
	firstOnset = time.Date(1968, 1, 1, 0, 0, 0, 0, time.UTC)
	lastOnset  = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// zoneRules are a VTIMEZONE of a calendar (RFC 5545, section 3.6.5).
type zoneRules struct {
	location    string // X-LIC-LOCATION: the name that was meant
	observances []observance
	listed      int

	workedOut bool
	first     time.Duration // the offset before all onsets
	onsets    []onset       // ascending
	agreeing  *time.Location
}

// observance is an offset with the wall times at which it begins, in the offset before.
type observance struct {
	before, after time.Duration // offsets from UTC
	start         time.Time     // wall time
	rule          *recurrence.Rule
	listed        []time.Time
}

// onset is an instant from which on another offset applies.
type onset struct {
	at     time.Time
	offset time.Duration
}

// readZone reads a VTIMEZONE.
func readZone(c *ical.Component) (name string, z *zoneRules) {
	z = &zoneRules{location: raw(c, "X-LIC-LOCATION")}
	for _, child := range c.Children {
		start, err := time.Parse("20060102T150405", strings.TrimSuffix(raw(child, ical.PropDateTimeStart), "Z"))
		before, okBefore := offsetOf(raw(child, ical.PropTimezoneOffsetFrom))
		after, okAfter := offsetOf(raw(child, ical.PropTimezoneOffsetTo))
		if err != nil || !okBefore || !okAfter || len(z.observances) == maxObservances {
			continue
		}
		o := observance{before: before, after: after, start: start}
		if rule := raw(child, ical.PropRecurrenceRule); rule != "" {
			o.rule, _ = recurrence.Parse(rule)
		}
		for _, dates := range child.Props.Values(ical.PropRecurrenceDates) {
			for text := range strings.SplitSeq(dates.Value, ",") {
				if at, err := time.Parse("20060102T150405", strings.TrimSpace(text)); err == nil && z.listed < maxListed {
					o.listed = append(o.listed, at)
					z.listed++
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

// workOut finds the onsets, and the zone of the tz database that agrees.
func (z *zoneRules) workOut(now time.Time) {
	z.workedOut = true
	if len(z.observances) == 0 {
		return
	}
	work := recurrence.NewWork(100_000)
	for _, o := range z.observances {
		begins := append([]time.Time{o.start}, o.listed...)
		if o.rule != nil {
			series := recurrence.Series{Rule: o.rule, Start: o.start, Work: work}
			for _, one := range series.After(firstOnset, 2*(lastOnset.Year()-firstOnset.Year())) {
				begins = append(begins, one.Wall)
			}
		}
		for _, wall := range begins {
			if wall.Before(lastOnset) {
				z.onsets = append(z.onsets, onset{wall.Add(-o.before), o.after})
			}
		}
	}
	z.first = slices.MinFunc(z.observances, func(a, b observance) int { return a.start.Compare(b.start) }).before
	slices.SortStableFunc(z.onsets, func(a, b onset) int { return a.at.Compare(b.at) })
	z.agreeing = z.zone(now)
}

// offset is the offset from UTC at an instant.
func (z *zoneRules) offset(at time.Time) time.Duration {
	n, found := slices.BinarySearchFunc(z.onsets, at, func(o onset, at time.Time) int { return o.at.Compare(at) })
	for found && n+1 < len(z.onsets) && z.onsets[n+1].at.Equal(at) {
		n++
	}
	if !found {
		n--
	}
	if n < 0 {
		return z.first
	}
	return z.onsets[n].offset
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
			return zone
		}
	}
	return nil
}
