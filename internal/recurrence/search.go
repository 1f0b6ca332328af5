package recurrence

import (
	"math/bits"
	"slices"

	"github.com/teambition/rrule-go"
)

// maxSteps bounds the search for one occurrence. A rule whose parts coincide less
// often than once in this many periods counts as ended.
const (
	maxSteps         = 250_000 // days, hours, minutes or seconds
	maxCalendarSteps = 50_000  // years, months or weeks
)

// nextWall returns the first wall time of the series after wall.
func (p *plan) nextWall(wall int64) (int64, bool) {
	wall = max(wall, p.start-1)
	if p.coarse() {
		return p.nextInCalendar(wall)
	}
	i, end := floorDiv(wall, p.unit), (maxDay+1)*p.perDay
	for range maxSteps {
		next, ok := p.nextPeriod(i, end)
		if !ok || !p.spend(1) {
			return 0, false
		}
		if v, ok := p.expand(next, 0).after(wall); ok {
			return v, true
		}
		if p.scratch[0].size() == 0 {
			return 0, false // all periods are alike, and BYSETPOS picks nothing
		}
		i = next + 1
	}
	return 0, false
}

// nextInCalendar searches years, months or weeks. SKIP can move a day into the
// neighbouring period, and weeks can belong to the year before, so the search begins
// one period early, and with SKIP it also looks one period further.
func (p *plan) nextInCalendar(wall int64) (int64, bool) {
	end := p.calendarPeriod(maxDay) + 1
	i := p.align(p.calendarPeriod(floorDiv(wall, secondsPerDay)) - 1)
	for range maxCalendarSteps {
		if i > end || !p.spend(p.periodSteps()) {
			return 0, false
		}
		v, ok := p.expand(i, 0).after(wall)
		if !ok {
			i += p.interval
			continue
		}
		if p.overlapping() {
			if w, ok := p.expand(i+1, 0).after(wall); ok && w < v {
				v = w
			}
		}
		return v, true
	}
	return 0, false
}

// overlapping tells whether the sets of neighbouring periods can share a day.
func (p *plan) overlapping() bool { return p.rule.skip != skipOmit && p.interval == 1 }

// nextPeriod returns the first period of FREQ=DAILY or finer, at or after i and
// before end, that INTERVAL and the limiting parts allow.
func (p *plan) nextPeriod(i, end int64) (int64, bool) {
	for range maxSteps {
		i = p.align(i)
		if i >= end || !p.spend(p.periodSteps()) {
			return 0, false
		}
		day := floorDiv(i, p.perDay)
		if free := p.nextDay(day); free != day {
			i = free * p.perDay
			continue
		}
		pos := i - day*p.perDay
		next := p.nextPosition(pos)
		if next == pos {
			return i, true
		}
		i = day*p.perDay + next
	}
	return 0, false
}

// nextDay returns the day itself if it passes BYMONTH, BYMONTHDAY, BYYEARDAY and
// BYDAY, otherwise a later day before which none passes.
func (p *plan) nextDay(day int64) int64 {
	r := p.rule
	if r.plainDays != 0 && r.plainDays&(1<<weekdayOf(day)) == 0 {
		return day + 1
	}
	if r.months != 0 {
		year, month, _ := civil(day)
		if later := r.months >> month; later&1 == 0 {
			if later == 0 {
				return dayOf(year+1, 1, 1)
			}
			return dayOf(year, month+bits.TrailingZeros16(later), 1)
		}
	}
	return p.nextYearDay(p.nextMonthDay(day))
}

// nextMonthDay returns the first day, at or after day, that passes BYMONTHDAY, or
// the first day of the next month if none in this month does.
func (p *plan) nextMonthDay(day int64) int64 {
	r := p.rule
	if len(r.opt.Bymonthday) == 0 {
		return day
	}
	year, month, dayOfMonth := civil(day)
	length := daysInMonth(year, month)
	// The nth day from the end is day length+1-n, which reverses the mask.
	allowed := r.monthDays | bits.Reverse32(r.fromEnd)<<1>>(31-length)
	allowed &= 1<<length<<1 - 1
	if later := allowed >> dayOfMonth; later != 0 {
		return day + int64(bits.TrailingZeros32(later))
	}
	return day + int64(length-dayOfMonth) + 1
}

// nextYearDay does the same with BYYEARDAY and years.
func (p *plan) nextYearDay(day int64) int64 {
	list := p.rule.opt.Byyearday
	if len(list) == 0 {
		return day
	}
	year, _, _ := civil(day)
	length := daysInYear(year)
	n := int(day-dayOf(year, 1, 1)) + 1
	best := length + 1
	for _, from := range [2]int{n, n - length - 1} { // from the start, from the end
		if i, _ := slices.BinarySearch(list, from); i < len(list) {
			if v := list[i] + n - from; v <= length && (list[i] > 0) == (from > 0) {
				best = min(best, v)
			}
		}
	}
	return day + int64(best-n)
}

// nextPosition returns the first allowed period of a day at or after pos, or the
// number of periods in a day. BYHOUR, BYMINUTE and BYSECOND are limits here.
func (p *plan) nextPosition(pos int64) int64 {
	h, m, s := p.allowed.hours&(1<<24-1), p.allowed.minutes&(1<<60-1), p.allowed.seconds&(1<<60-1)
	switch p.freq {
	case rrule.DAILY:
		return pos
	case rrule.HOURLY:
		return nextBit(h, pos, 24)
	case rrule.MINUTELY:
		return nextDigit(h, pos/60, 24, 60, pos%60, func(low int64) int64 { return nextBit(m, low, 60) })
	}
	return nextDigit(h, pos/3600, 24, 3600, pos%3600, func(low int64) int64 {
		return nextDigit(m, low/60, 60, 60, low%60, func(low int64) int64 { return nextBit(s, low, 60) })
	})
}

func nextBit(mask uint64, from, size int64) int64 {
	if from >= size || mask>>from == 0 {
		return size
	}
	return from + int64(bits.TrailingZeros64(mask>>from))
}

// nextDigit returns the first allowed number at or after high*size+low: the mask
// allows its upper part, and next its lower part.
func nextDigit(mask uint64, high, highs, size, low int64, next func(int64) int64) int64 {
	for {
		allowed := nextBit(mask, high, highs)
		if allowed != high {
			low = 0
		}
		if allowed == highs {
			return highs * size
		}
		if n := next(low); n < size {
			return allowed*size + n
		}
		high, low = allowed+1, 0
	}
}

// next returns the first occurrence after an instant: its instant and the wall time
// the rule names. Around a gap, the order of instants differs from that of wall
// times, because wall times inside the gap move forward into the time after it.
func (p *plan) next(instant int64) (at, wall int64, ok bool) {
	s := p.zone.at(instant)
	shown := s.shown(instant)
	consider := func(i, w int64) {
		if !p.over(i, w) && i > instant && (!ok || i < at || i == at && w < wall) {
			at, wall, ok = i, w, true
		}
	}
	if s.shadowed(instant) {
		if w, found := p.nextWall(shown - s.gap()); found && w < s.gapEnd() {
			consider(w-s.before, w)
		}
	}
	w, found := p.nextWall(shown)
	if !found {
		return at, wall, ok
	}
	to := p.zone.resolve(w)
	consider(to.instant, w)
	if to.skipped {
		if w, found := p.nextWall(to.gapEnd - 1); found {
			consider(p.zone.resolve(w).instant, w)
		}
	}
	return at, wall, ok
}

// origin is the instant before which the series has no occurrence. A start inside a
// gap moves forward past wall times that come after it.
func (p *plan) origin() int64 {
	to := p.zone.resolve(p.start)
	if to.skipped {
		return to.jump - 1
	}
	return to.instant - 1
}
