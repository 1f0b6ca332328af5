package recurrence

import (
	"time"

	"github.com/teambition/rrule-go"
)

// A count that would have to look at more days, or at more years, months or weeks,
// than this reports that COUNT is exceeded: a thousand years have passed.
const (
	maxCountedDays    = 500_000
	maxCountedPeriods = 50_000
)

// maxShared bounds how many wall times inside gaps one count compares with their
// shifted selves. It covers thousands of clock changes for any rule people write.
const maxShared = 5_000

// count returns how many occurrences lie after the instant from and not after to. If
// there are more than limit, it may stop and return limit+1.
func (p *plan) count(from, to, limit int64) int64 {
	if to <= from {
		return 0
	}
	a, b := p.zone.at(from).shown(from), p.zone.at(to).shown(to)
	pending := p.pending(to)
	// At most two wall times share an instant, so counting twice as many suffices.
	enough := int64(noLimit)
	if limit < noLimit/8 {
		enough = 2 * (limit + pending + 1)
	}
	walls := p.countWalls(a, b, enough)
	if walls > enough {
		return limit + 1
	}
	return walls + p.pending(from) - pending - p.shared(from, to)
}

// pending counts the wall times of a gap that a clock has passed by an instant but
// that, shifted forward, are still to come.
func (p *plan) pending(instant int64) int64 {
	s := p.zone.at(instant)
	if !s.shadowed(instant) {
		return 0
	}
	return p.countWalls(s.shown(instant)-s.gap(), s.gapEnd()-1, noLimit)
}

// shared counts the instants after from and not after to at which two wall times
// coincide, one inside a gap and one after it.
func (p *plan) shared(from, to int64) int64 {
	if p.zone.utc {
		return 0
	}
	// A rule with one time of day coincides with itself only where a zone skips a
	// whole day, and no zone plans to.
	onceADay := p.unit == 0 || p.unit == secondsPerDay
	onceADay = onceADay && p.clock.size() == 1
	if onceADay {
		to = min(to, lastSkippedDay)
	}
	var n int64
	wall := p.start - 1 // the series has no wall time between gaps and this
	for s, tries := p.zone.at(from), 0; tries < maxShared; {
		if gap := s.gap(); gap > 0 && s.start+gap > from && (gap >= secondsPerDay || !onceADay) {
			begin := max(s.gapEnd()-gap, from+s.before+1)
			if p.even() && gap%(p.interval*p.unit) == 0 {
				n += p.countWalls(begin-1, min(s.gapEnd()-1, to+s.before), noLimit)
				begin, wall = s.gapEnd(), max(wall, s.gapEnd())
			}
			if wall < begin {
				w, ok := p.nextWall(begin - 1)
				if !ok {
					break
				}
				wall = w
			}
			for ; wall < s.gapEnd() && wall-s.before <= to && tries < maxShared; tries++ {
				if v, ok := p.nextWall(wall + gap - 1); ok && v == wall+gap {
					n++
				}
				w, ok := p.nextWall(wall)
				if !ok {
					return n
				}
				wall = w
			}
		}
		if s.end > to {
			break
		}
		s = p.zone.at(s.end)
	}
	return n
}

// lastSkippedDay is after the last date line change in the tz database.
var lastSkippedDay = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC).Unix()

// countWalls returns how many wall times of the series lie after a and not after b.
func (p *plan) countWalls(a, b, limit int64) int64 {
	a = max(a, p.start-1)
	b = min(b, maxWall)
	if b <= a {
		return 0
	}
	if p.coarse() {
		return p.countInCalendar(a, b, limit)
	}
	i, j := floorDiv(a, p.unit), floorDiv(b, p.unit)
	within := func(period, from, to int64) int64 {
		if _, ok := p.nextPeriod(period, period+1); !ok {
			return 0
		}
		set := p.expand(period, 0)
		return int64(set.rank(to+1) - set.rank(from+1))
	}
	if i == j {
		return within(i, a, b)
	}
	each := int64(p.expand(i, 0).size())
	if each == 0 {
		return 0
	}
	total := within(i, a, b) + within(j, a, b)
	return total + each*p.countPeriods(i+1, j, (limit-total)/each+1)
}

// countInCalendar sums over years, months or weeks.
func (p *plan) countInCalendar(a, b, limit int64) int64 {
	i := p.align(p.calendarPeriod(floorDiv(a, secondsPerDay)) - 1)
	end := p.calendarPeriod(floorDiv(b, secondsPerDay)) + 1
	set := p.expand(i, 0)
	var total int64
	for slot, steps := 1, 0; i <= end && total <= limit; slot = 1 - slot {
		if steps++; steps > maxCountedPeriods || !p.spend(p.periodSteps()) {
			return limit + 1
		}
		if p.freq == rrule.WEEKLY && p.rule.months == 0 && set.size() > 0 && set.at(0) > a {
			// All weeks are alike, so those wholly before b are counted at once.
			if weeks := (end - 2 - i) / p.interval; weeks > 0 {
				total += weeks * int64(set.size())
				i += weeks * p.interval
				set = p.expand(i, 1-slot)
			}
		}
		total += int64(set.rank(b+1) - set.rank(a+1))
		i += p.interval
		following := p.expand(i, slot)
		if p.overlapping() {
			total -= inBoth(set, following, a, b)
		}
		set = following
	}
	return total
}

// inBoth counts what a period shares with the next one.
func inBoth(set, following *period, a, b int64) int64 {
	if following.size() == 0 {
		return 0
	}
	var n int64
	for k := set.rank(max(a+1, following.at(0))); k < set.rank(b+1); k++ {
		if following.contains(set.at(k)) {
			n++
		}
	}
	return n
}

// countPeriods returns how many periods from i up to, but not including, j are
// allowed.
func (p *plan) countPeriods(i, j, limit int64) int64 {
	i = p.align(i)
	if i >= j {
		return 0
	}
	if p.even() {
		return (j-1-i)/p.interval + 1
	}
	if p.interval > p.perDay {
		return p.countOneByOne(i, j, limit)
	}
	firstDay, lastDay := floorDiv(i, p.perDay), floorDiv(j-1, p.perDay)
	if firstDay == lastDay {
		return p.countOneByOne(i, j, limit)
	}
	total := p.countOneByOne(i, (firstDay+1)*p.perDay, limit)
	// Days are alike if their first periods have the same position within the
	// interval.
	alike := make([]int32, p.interval)
	for day, steps := p.nextDay(firstDay+1), 0; day < lastDay && total <= limit; steps++ {
		if steps > maxCountedDays || !p.spend(1) {
			return limit + 1
		}
		if next := p.nextDay(day); next != day {
			day = next
			continue
		}
		first := p.align(day*p.perDay) - day*p.perDay
		if alike[first] == 0 {
			alike[first] = 1 + p.countPositions(first)
		}
		total += int64(alike[first] - 1)
		day++
	}
	return total + p.countOneByOne(lastDay*p.perDay, j, limit)
}

// even tells whether the rule is the same in every period: FREQ=DAILY or finer, with
// nothing that limits which periods count.
func (p *plan) even() bool {
	r := p.rule
	if p.coarse() || r.months != 0 || len(r.weekdays)+len(r.opt.Bymonthday)+len(r.opt.Byyearday) > 0 {
		return false
	}
	const all = ^uint64(0)
	switch p.freq {
	case rrule.DAILY:
		return true
	case rrule.HOURLY:
		return p.allowed.hours == all
	case rrule.MINUTELY:
		return p.allowed.hours == all && p.allowed.minutes == all
	}
	return p.allowed.hours == all && p.allowed.minutes == all && p.allowed.seconds == all
}

func (p *plan) countOneByOne(i, j, limit int64) int64 {
	var n int64
	for n <= limit {
		if n > maxCountedDays {
			return limit + 1
		}
		next, ok := p.nextPeriod(i, j)
		if !ok {
			break
		}
		n++
		i = next + 1
	}
	return n
}

// countPositions counts the allowed periods of a day, starting at its first.
func (p *plan) countPositions(first int64) int32 {
	var n int32
	p.spend(p.perDay / p.interval)
	for pos := first; pos < p.perDay; pos += p.interval {
		if p.nextPosition(pos) == pos {
			n++
		}
	}
	return n
}
