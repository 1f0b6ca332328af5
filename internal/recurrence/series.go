package recurrence

import (
	"fmt"
	"math"
	"time"
)

// MaxList is how many occurrences one call can list.
const MaxList = 10_000

// Series is a rule with its anchor.
type Series struct {
	Rule *Rule
	// Start is the first date of the series as wall time. Only its date and clock
	// count; its location and fractions of a second are ignored.
	Start time.Time
	// Zone is the zone of the wall time; nil is UTC.
	Zone *time.Location
	// StartIndex is the place of Start in the series; 0 means 1. A series
	// re-anchored in its middle still ends by the original's COUNT.
	StartIndex int
	// AllDay says that Start is a date. BYHOUR, BYMINUTE and BYSECOND are then
	// ignored, and only the date of UNTIL counts; the clock of Start is kept.
	AllDay bool
	// Derived says that nobody chose the day of Start: it is the day something
	// happened, such as a completion. A month or year without that day then uses its
	// last day rather than none, whatever SKIP says about named days.
	Derived bool
	// Work limits the cost of searches; nil is no limit. Once it is exhausted,
	// searches end as if the series did.
	Work *Work
}

// Occurrence is one date of a series.
type Occurrence struct {
	Time time.Time // the instant, in the zone of the series
	// Wall is the wall time the rule names, in time.UTC. It differs from the clock
	// of Time where the zone skips it.
	Wall time.Time
	// Index is the 1-based place in the series, which is exact for rules with COUNT.
	// Without COUNT nothing depends on it and it is not counted: [Series.First]
	// numbers from the start, [Series.Next] adds one, [Series.After] leaves it 0.
	Index int
}

// Check refuses a series without any occurrence, a start outside the years 1 to
// 9999, and dates that repeat by the hour. The error is an [*Error].
func (s Series) Check() error {
	if s.Rule == nil {
		return fail("rule", "", "The series has no rule: give one such as FREQ=DAILY.")
	}
	if s.Start.Year() < minYear || s.Start.Year() > maxYear {
		return fail("start", s.Start.String(), "The start is out of range: give a date from year 1 to 9999, for example 2026-03-01T09:00:00.")
	}
	if s.AllDay && s.Rule.Subdaily() {
		return fail("FREQ", s.Rule.opt.Freq.String(), fmt.Sprintf("FREQ=%v needs a start with a time of day, for example 2026-03-01T09:00:00; a date can repeat at most daily, for example FREQ=DAILY.", s.Rule.opt.Freq))
	}
	p := newPlan(s)
	if _, _, ok := p.next(p.origin()); ok {
		return nil
	}
	if s.Rule.until.form != untilNone {
		if _, found := p.nextWall(p.start - 1); found {
			return fail("UNTIL", s.Rule.until.text, fmt.Sprintf("The rule has no occurrence: UNTIL=%s is before its first date; give a later UNTIL or an earlier start.", s.Rule.until.text))
		}
	}
	return fail("rule", s.Rule.text, fmt.Sprintf("The rule %s has no occurrence from %s on: its parts never agree (as FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30 does not); change one, for example FREQ=MONTHLY;BYMONTHDAY=-1.", quote(s.Rule.text), s.Start.Format("2006-01-02")))
}

func (s Series) usable() bool {
	return s.Rule != nil && s.Start.Year() >= minYear && s.Start.Year() <= maxYear &&
		!(s.AllDay && s.Rule.Subdaily())
}

func (s Series) startIndex() int { return max(s.StartIndex, 1) }

// First lists the first n occurrences of the rule itself, at most [MaxList]. It
// omits a start that the rule does not match, as calendar libraries do;
// [Series.Next] treats it as a task does.
func (s Series) First(n int) []Occurrence {
	if !s.usable() {
		return nil
	}
	p := newPlan(s)
	return s.list(p, p.origin(), s.startIndex(), n)
}

// After lists the first n occurrences strictly after t, at most [MaxList].
func (s Series) After(t time.Time, n int) []Occurrence {
	if !s.usable() {
		return nil
	}
	p := newPlan(s)
	origin := p.origin()
	from := max(t.Unix(), origin)
	index := 0
	if count := s.Rule.Count(); count > 0 {
		index = s.startIndex() + int(p.count(origin, from, int64(count)))
	}
	return s.list(p, from, index, n)
}

func (s Series) list(p *plan, from int64, index, n int) []Occurrence {
	var list []Occurrence
	for len(list) < min(n, MaxList) {
		if count := s.Rule.Count(); count > 0 && index > count {
			break
		}
		at, wall, ok := p.next(from)
		if !ok {
			break
		}
		list = append(list, p.occurrence(at, wall, index))
		if index > 0 {
			index++
		}
		from = at
	}
	return list
}

func (p *plan) occurrence(at, wall int64, index int) Occurrence {
	return Occurrence{
		Time:  time.Unix(at, 0).In(p.zone.location),
		Wall:  time.Unix(wall, 0).UTC(),
		Index: index,
	}
}

// Next returns the successor of the occurrence from, as stored with a task: the
// first one after both from.Time and after. Its place is the next one: COUNT counts
// occurrences that were created, not dates passed over (see [Series.Between]). ok is
// false if the series has ended.
//
// The first due date of a task is occurrence 1 even if the rule does not match it,
// as RFC 5545 counts DTSTART first (3.8.5.3); the next one is then 2.
func (s Series) Next(from Occurrence, after time.Time) (next Occurrence, ok bool) {
	if !s.usable() {
		return Occurrence{}, false
	}
	p := newPlan(s)
	begin := max(from.Time.Unix(), p.origin())
	at, wall, ok := p.next(max(begin, after.Unix()))
	if !ok {
		return Occurrence{}, false
	}
	index := max(from.Index, 1) + 1
	if count := s.Rule.Count(); count > 0 && index > count {
		return Occurrence{}, false
	}
	return p.occurrence(at, wall, index), true
}

// Between counts the occurrences after one instant and before another, at most
// [MaxList].
func (s Series) Between(after, before time.Time) int {
	if !s.usable() {
		return 0
	}
	p := newPlan(s)
	from := max(after.Unix(), p.origin())
	return int(min(p.count(from, before.Add(-1).Unix(), MaxList), MaxList))
}

// Upcoming calls [Series.Next] n times: the occurrences that follow from, after a
// moment.
func (s Series) Upcoming(from Occurrence, after time.Time, n int) []Occurrence {
	var list []Occurrence
	for len(list) < min(n, MaxList) {
		next, ok := s.Next(from, after)
		if !ok {
			break
		}
		list = append(list, next)
		from = next
	}
	return list
}

// noLimit lets a count run to its end.
const noLimit = math.MaxInt64 / 4
