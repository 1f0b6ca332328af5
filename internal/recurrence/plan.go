package recurrence

import (
	"github.com/teambition/rrule-go"
)

// plan is a rule completed from the start of its series: the engine's working form
// for one query.
type plan struct {
	rule     *Rule
	freq     rrule.Frequency
	interval int64
	start    int64 // wall time
	base     int64 // number of the period that the start lies in
	zone     *zone
	allDay   bool
	work     *Work // nil: without bound
	derived  bool

	// Taken from the start if the rule names no day.
	startMonth, startDay, startWeekday int

	unit    int64 // seconds in a period of FREQ=DAILY and finer
	perDay  int64 // such periods in a day
	allowed struct {
		hours, minutes, seconds uint64 // bits that limit finer frequencies
	}
	clock clock

	scratch [2]period
}

var first = []int{0}

func newPlan(s Series) *plan {
	r := s.Rule
	p := &plan{
		rule: r, freq: r.opt.Freq, interval: r.interval(),
		start: wallOf(s.Start), zone: newZone(s.Zone), allDay: s.AllDay, work: s.Work, derived: s.Derived,
	}
	day := floorDiv(p.start, secondsPerDay)
	_, p.startMonth, p.startDay = civil(day)
	p.startWeekday = weekdayOf(day)
	p.setClock(s)
	switch p.freq {
	case rrule.DAILY:
		p.unit = secondsPerDay
	case rrule.HOURLY:
		p.unit = secondsPerHour
	case rrule.MINUTELY:
		p.unit = 60
	case rrule.SECONDLY:
		p.unit = 1
	}
	if p.unit > 0 {
		p.perDay = secondsPerDay / p.unit
		p.base = floorDiv(p.start, p.unit)
		return p
	}
	p.base = p.calendarPeriod(day)
	if p.freq == rrule.YEARLY && len(r.opt.Byweekno) > 0 {
		p.base = p.baseWeekYear(day)
	}
	return p
}

// setClock divides BYHOUR, BYMINUTE and BYSECOND into those that expand a period and
// those that limit which periods count. Missing ones that would expand come from the
// start. A date ignores them: "These rule parts MUST be ignored in RECUR value[s]"
// that nevertheless have them (RFC 5545, 3.3.10).
func (p *plan) setClock(s Series) {
	hour, minute, second := s.Start.Clock()
	hours, minutes, seconds := p.rule.opt.Byhour, p.rule.opt.Byminute, p.rule.seconds
	if s.AllDay {
		hours, minutes, seconds = nil, nil, nil
	}
	p.allowed.hours, p.allowed.minutes, p.allowed.seconds = mask(hours), mask(minutes), mask(seconds)
	from := [3]int{hour, minute, second}
	p.clock = clock{
		p.expanded(hours, &from[0], rrule.HOURLY),
		p.expanded(minutes, &from[1], rrule.MINUTELY),
		p.expanded(seconds, &from[2], rrule.SECONDLY),
	}
}

func (p *plan) expanded(list []int, fromStart *int, limits rrule.Frequency) []int {
	switch {
	case p.freq >= limits: // rrule-go numbers frequencies from YEARLY up
		return first
	case len(list) > 0:
		return list
	}
	return []int{*fromStart}
}

func mask(list []int) uint64 {
	if len(list) == 0 {
		return ^uint64(0)
	}
	var m uint64
	for _, v := range list {
		m |= 1 << v
	}
	return m
}

// baseWeekYear returns the year that INTERVAL counts from with BYWEEKNO. Weeks
// belong to the year in which they are numbered, so a start in the first days of
// January can lie in a week of the previous year. That year is then the base, if any
// of it is left from the start on.
func (p *plan) baseWeekYear(day int64) int64 {
	calendar, _, _ := civil(day)
	year := weekYear(day, p.rule.opt.Wkst.Day())
	if year == calendar {
		return int64(year)
	}
	set := p.expand(int64(year), 0)
	if _, ok := set.after(p.start - 1); ok {
		return int64(year)
	}
	return int64(calendar)
}

// coarse tells whether periods are years, months or weeks.
func (p *plan) coarse() bool { return p.unit == 0 }

// align returns the first period at or after i that INTERVAL allows.
func (p *plan) align(i int64) int64 {
	if i <= p.base {
		return p.base
	}
	if off := (i - p.base) % p.interval; off != 0 {
		return i + p.interval - off
	}
	return i
}

// over tells whether an occurrence lies after UNTIL or outside the calendar.
func (p *plan) over(instant, wall int64) bool {
	u := p.rule.until
	switch {
	case wall > maxWall:
		return true
	case u.form == untilDate:
		return floorDiv(wall, secondsPerDay) > u.value
	case u.form == untilLocal && p.allDay:
		return floorDiv(wall, secondsPerDay) > floorDiv(u.value, secondsPerDay)
	case u.form == untilLocal:
		return wall > u.value
	case u.form == untilUTC && p.allDay:
		return floorDiv(wall, secondsPerDay) > floorDiv(u.value+p.zone.at(u.value).offset, secondsPerDay)
	case u.form == untilUTC:
		return instant > u.value
	}
	return false
}
