package recurrence

import (
	"slices"

	"github.com/teambition/rrule-go"
)

// calendarPeriod returns the number of the year, month or week that a day lies in.
func (p *plan) calendarPeriod(day int64) int64 {
	switch p.freq {
	case rrule.YEARLY:
		year, _, _ := civil(day)
		return int64(year)
	case rrule.MONTHLY:
		year, month, _ := civil(day)
		return int64(year)*12 + int64(month) - 1
	}
	return floorDiv(day+3-int64(p.rule.opt.Wkst.Day()), 7)
}

// expand returns the set of a period. Each slot has its own buffer, so that two sets
// can be used at the same time.
func (p *plan) expand(i int64, slot int) *period {
	set := &p.scratch[slot]
	set.clock, set.blocks, set.chosen = p.clock, set.blocks[:0], false
	if p.unit > 0 {
		set.blocks = append(set.blocks, i*p.unit)
	} else {
		switch p.freq {
		case rrule.YEARLY:
			set.blocks = p.yearDays(int(i), set.blocks)
		case rrule.MONTHLY:
			set.blocks = p.monthDays(int(floorDiv(i, 12)), int(floorMod(i, 12))+1, set.blocks)
		default:
			set.blocks = p.weekDays(i, set.blocks)
		}
		slices.Sort(set.blocks)
		set.blocks = slices.Compact(set.blocks)
		for j := range set.blocks {
			set.blocks[j] *= secondsPerDay
		}
	}
	p.spend(int64(len(set.blocks) + len(p.rule.opt.Bysetpos)))
	set.choose(p.rule.opt.Bysetpos)
	return set
}

// periodSteps is the cost of one period in Work, about as long as it takes, measured
// by BenchmarkHeavyRules.
func (p *plan) periodSteps() int64 {
	switch p.freq {
	case rrule.YEARLY:
		return 10
	case rrule.MONTHLY:
		return 2
	case rrule.WEEKLY:
		return 5
	case rrule.DAILY:
		return 1
	default:
		return 4
	}
}

// yearDays implements the table of RFC 5545, 3.3.10 for FREQ=YEARLY.
func (p *plan) yearDays(year int, days []int64) []int64 {
	r := p.rule
	switch {
	case len(r.opt.Byweekno) > 0:
		return p.daysOfWeeks(year, days)
	case len(r.opt.Byyearday) > 0:
		return p.daysOfYear(year, days)
	}
	months := r.opt.Bymonth
	named := len(r.opt.Bymonthday) > 0
	if len(months) == 0 {
		if len(r.weekdays) > 0 && !named {
			first := dayOf(year, 1, 1)
			return p.byWeekday(first, first+int64(daysInYear(year)), days)
		}
		// "Information, not contained in the rule, [is] derived from DTSTART":
		// the month, unless BYDAY and BYMONTHDAY find their days without it.
		if len(r.weekdays) == 0 {
			days = p.monthDaysIn(year, p.startMonth, days)
			return days
		}
		for month := 1; month <= 12; month++ {
			days = p.monthDaysIn(year, month, days)
		}
		return days
	}
	for _, month := range months {
		days = p.monthDaysIn(year, month, days)
	}
	return days
}

func (p *plan) monthDays(year, month int, days []int64) []int64 {
	if r := p.rule; r.months != 0 && r.months&(1<<month) == 0 {
		return days
	}
	return p.monthDaysIn(year, month, days)
}

// monthDaysIn expands a month by BYMONTHDAY and BYDAY, or by the day of the start if
// the rule has neither.
func (p *plan) monthDaysIn(year, month int, days []int64) []int64 {
	r := p.rule
	first := dayOf(year, month, 1)
	length := daysInMonth(year, month)
	if len(r.opt.Bymonthday) == 0 {
		if len(r.weekdays) > 0 {
			return p.byWeekday(first, first+int64(length), days)
		}
		if i, ok := p.startSkip().place(p.startDay, length); ok {
			days = append(days, first+i)
		}
		return days
	}
	for _, n := range r.opt.Bymonthday {
		i, ok := r.skip.place(n, length)
		// Weekdays limit after SKIP moved the day (RFC 7529, 4.1).
		if day := first + i; ok && p.onWeekday(day) {
			days = append(days, day)
		}
	}
	return days
}

// startSkip says what becomes of the start's day in a month without it. A derived
// day was only a day that was possible, so a shorter month uses its last day.
func (p *plan) startSkip() skip {
	if p.derived {
		return skipBackward
	}
	return p.rule.skip
}

// place returns the offset of the nth day from the first day of a month or year;
// negative n counts from the end. If that day does not exist, SKIP decides: the day
// before or after where it would be.
func (s skip) place(n, length int) (int64, bool) {
	switch {
	case n > 0 && n <= length:
		return int64(n - 1), true
	case n < 0 && -n <= length:
		return int64(length + n), true
	case s == skipBackward && n > 0:
		return int64(length - 1), true
	case s == skipBackward:
		return -1, true
	case s == skipForward && n > 0:
		return int64(length), true
	case s == skipForward:
		return 0, true
	}
	return 0, false
}

// byWeekday expands BYDAY between two days, which its numbers count from.
func (p *plan) byWeekday(from, to int64, days []int64) []int64 {
	for _, w := range p.rule.weekdays {
		begin := from + floorMod(int64(w.day-weekdayOf(from)), 7)
		last := to - 1 - floorMod(int64(weekdayOf(to-1)-w.day), 7)
		switch {
		case w.n == 0:
			for day := begin; day < to; day += 7 {
				days = append(days, day)
			}
		case w.n > 0:
			if day := begin + int64(w.n-1)*7; day < to {
				days = append(days, day)
			}
		default:
			if day := last + int64(w.n+1)*7; day >= from {
				days = append(days, day)
			}
		}
	}
	return days
}

// onWeekday tells whether a day passes BYDAY as a limit.
func (p *plan) onWeekday(day int64) bool {
	r := p.rule
	if len(r.weekdays) == 0 || r.plainDays&(1<<weekdayOf(day)) != 0 {
		return true
	}
	for _, w := range r.weekdays {
		if w.n == 0 || w.day != weekdayOf(day) {
			continue
		}
		year, month, dayOfMonth := civil(day)
		before, length := dayOfMonth-1, daysInMonth(year, month)
		if p.freq == rrule.YEARLY && r.months == 0 {
			before, length = int(day-dayOf(year, 1, 1)), daysInYear(year)
		}
		if w.n == before/7+1 || w.n == -((length-1-before)/7+1) {
			return true
		}
	}
	return false
}

// daysOfYear expands BYYEARDAY, limited by the other parts.
func (p *plan) daysOfYear(year int, days []int64) []int64 {
	first := dayOf(year, 1, 1)
	for _, n := range p.rule.opt.Byyearday {
		i, ok := p.rule.skip.place(n, daysInYear(year))
		if day := first + i; ok && p.inMonth(day) && p.onMonthDay(day) && p.onWeekday(day) {
			days = append(days, day)
		}
	}
	return days
}

// daysOfWeeks expands BYWEEKNO: the weeks numbered in this year, which may begin
// before it and end after it. BYDAY or the weekday of the start picks the days.
func (p *plan) daysOfWeeks(year int, days []int64) []int64 {
	r := p.rule
	wkst := r.opt.Wkst.Day()
	begin, weeks := firstWeek(year, wkst), weeksInYear(year, wkst)
	free := len(r.weekdays) == 0 && len(r.opt.Bymonthday) == 0 && len(r.opt.Byyearday) == 0
	for _, n := range r.opt.Byweekno {
		if n < 0 {
			n += weeks + 1
		}
		if n < 1 || n > weeks {
			continue
		}
		monday := begin + int64(n-1)*7
		for day := monday; day < monday+7; day++ {
			if free && weekdayOf(day) != p.startWeekday {
				continue
			}
			if p.inMonth(day) && p.onYearDay(day) && p.onMonthDay(day) && p.onWeekday(day) {
				days = append(days, day)
			}
		}
	}
	return days
}

func (p *plan) weekDays(week int64, days []int64) []int64 {
	begin := week*7 - 3 + int64(p.rule.opt.Wkst.Day())
	wanted := p.rule.plainDays
	if wanted == 0 {
		wanted = 1 << p.startWeekday
	}
	for day := begin; day < begin+7; day++ {
		if wanted&(1<<weekdayOf(day)) != 0 && p.inMonth(day) {
			days = append(days, day)
		}
	}
	return days
}

func (p *plan) inMonth(day int64) bool {
	if p.rule.months == 0 {
		return true
	}
	_, month, _ := civil(day)
	return p.rule.months&(1<<month) != 0
}

func (p *plan) onMonthDay(day int64) bool {
	r := p.rule
	if len(r.opt.Bymonthday) == 0 {
		return true
	}
	year, month, dayOfMonth := civil(day)
	left := daysInMonth(year, month) - dayOfMonth + 1
	return r.monthDays&(1<<dayOfMonth) != 0 || r.fromEnd&(1<<left) != 0
}

func (p *plan) onYearDay(day int64) bool {
	list := p.rule.opt.Byyearday
	if len(list) == 0 {
		return true
	}
	year, _, _ := civil(day)
	n := int(day-dayOf(year, 1, 1)) + 1
	_, fromStart := slices.BinarySearch(list, n)
	_, fromEnd := slices.BinarySearch(list, n-daysInYear(year)-1)
	return fromStart || fromEnd
}
