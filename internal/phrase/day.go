package phrase

import (
	"strconv"
	"time"

	"tickler/internal/recurrence"
)

// today is the present day, as wall time.
func (r *reader) today() time.Time {
	y, m, d := r.now.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// day reads a day, or the moment that is some hours away.
func (r *reader) day(f *found, from int) int {
	i := r.skip(from, on)
	t, after := r.at(i), r.at(i+1)
	today := r.today()
	switch {
	case t.kind == offset:
		f.day, i = today.AddDate(0, 0, t.n), i+1
	case t.kind == dawn:
		f.day, i = today.AddDate(0, 0, 1), i+1
	case t.kind == next && after.kind == weekday:
		f.day, i = r.next(after.n, 1), i+2
	case t.kind == this && after.kind == weekday:
		f.day, i = r.next(after.n, 0), i+2
	case t.kind == weekday && r.dated(f, i) > i:
		i = r.dated(f, i)
	case t.kind == weekday:
		f.day = r.next(t.n, 1)
		i = r.skip(i+1, next)
	case (t.kind == next || t.kind == this) && after.kind == unit:
		if f.day = r.ahead(after.n, t.kind == next); !f.day.IsZero() {
			i += 2
		}
	case t.kind == unit && after.kind == next: // la semaine prochaine
		if f.day = r.ahead(t.n, true); !f.day.IsZero() {
			i += 2
		}
	case t.kind == unit && t.n == weekends:
		f.day, i = r.next(6, 0), i+1
	case t.kind == in && (after.kind == number || after.kind == plus):
		i = r.away(f, i, after.n, i+2)
	case t.kind == plus:
		i = r.away(f, i, t.n, i+1)
	case t.kind == endOf && after.kind == unit:
		if f.day = r.end(after.n); !f.day.IsZero() {
			i += 2
		}
	default:
		i = r.date(f, i)
	}
	if f.day.IsZero() && f.exact == "" {
		return from
	}
	return i
}

// dated reads a day of the week with its date: Tuesday, March 10, 2026. Another day of
// the week than that of the date is none.
func (r *reader) dated(f *found, i int) int {
	g := *f
	j := r.skip(i+1, on)
	end := r.date(&g, j)
	if end == j || g.exact != "" || int(g.day.Weekday()) != r.at(i).n {
		return i
	}
	*f = g
	return end
}

// next is the first such day, at the earliest some days from today.
func (r *reader) next(weekday, least int) time.Time {
	day := r.today().AddDate(0, 0, least)
	return day.AddDate(0, 0, (weekday-int(day.Weekday())+7)%7)
}

// ahead is the beginning of the present or next unit. A week begins on Monday.
func (r *reader) ahead(unit int, next bool) time.Time {
	today := r.today()
	step := 0
	if next {
		step = 1
	}
	switch unit {
	case weeks:
		if !next {
			return today
		}
		return r.next(1, 1)
	case months:
		return time.Date(today.Year(), today.Month()+time.Month(step), 1, 0, 0, 0, 0, time.UTC)
	case quarters:
		first := (int(today.Month())-1)/3*3 + 1
		return time.Date(today.Year(), time.Month(first+3*step), 1, 0, 0, 0, 0, time.UTC)
	case years:
		return time.Date(today.Year()+step, 1, 1, 0, 0, 0, 0, time.UTC)
	case weekends:
		if !next {
			return r.next(6, 0)
		}
		return r.next(1, 1).AddDate(0, 0, 5)
	case workdays:
		day := today
		for day = day.AddDate(0, 0, step); day.Weekday() == 0 || day.Weekday() == 6; {
			day = day.AddDate(0, 0, 1)
		}
		return day
	}
	return time.Time{}
}

// end is the last day of the present unit.
func (r *reader) end(unit int) time.Time {
	today := r.today()
	switch unit {
	case weeks:
		return r.next(0, 0)
	case months:
		return time.Date(today.Year(), today.Month()+1, 0, 0, 0, 0, 0, time.UTC)
	case years:
		return time.Date(today.Year(), 12, 31, 0, 0, 0, 0, time.UTC)
	}
	return time.Time{}
}

// away reads a unit, of which the date is n away; without one it is from.
func (r *reader) away(f *found, from, n, i int) int {
	t := r.at(i)
	if t.kind != unit && (t.kind != cadence || t.n != workdays) || n > 9999 {
		return from
	}
	switch t.n {
	case minutes, hours:
		step := time.Duration(n) * time.Minute
		if t.n == hours {
			step *= 60
		}
		wall := recurrence.Wall(r.now.Add(step), r.now.Location()).Truncate(time.Minute)
		f.day = wall.Truncate(24 * time.Hour)
		f.clock = int(wall.Sub(f.day) / time.Second)
	case workdays:
		day := r.today()
		for left := n; left > 0; {
			if day = day.AddDate(0, 0, 1); day.Weekday() != 0 && day.Weekday() != 6 {
				left--
			}
		}
		f.day = day
	default:
		f.day = later(r.today(), t.n, n)
	}
	if f.day.IsZero() {
		return from
	}
	return i + 1
}

// later is n units after a day. Where that month is too short it is its last day.
func later(day time.Time, unit, n int) time.Time {
	inMonths := func(n int) time.Time {
		y, m, d := day.Date()
		first := time.Date(y, m+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
		return first.AddDate(0, 0, min(d, first.AddDate(0, 1, -1).Day())-1)
	}
	switch unit {
	case days:
		return day.AddDate(0, 0, n)
	case weeks, weekends:
		return day.AddDate(0, 0, 7*n)
	case fortnights:
		return day.AddDate(0, 0, 14*n)
	case months:
		return inMonths(n)
	case quarters:
		return inMonths(3 * n)
	case halves:
		return inMonths(6 * n)
	case years:
		return inMonths(12 * n)
	}
	return time.Time{}
}

// date reads a day of a month or a date in figures. One without a year is the next
// such day, today among them.
func (r *reader) date(f *found, i int) int {
	t := r.at(i)
	switch {
	case t.kind == date && t.year:
		f.day, f.exact = t.dated, t.exact
		if t.n >= 0 {
			f.clock = t.n
		}
		return i + 1
	case t.kind == date:
		m := yearLast.FindStringSubmatch(t.word)
		a, b := m[1], m[3]
		monthFirst := !r.dayFirst && m[2] != "."
		if n, _ := strconv.Atoi(a); n > 12 {
			monthFirst = false
		} else if n, _ := strconv.Atoi(b); n > 12 {
			monthFirst = true
		}
		if monthFirst {
			a, b = b, a
		}
		var ok bool
		if m[4] != "" {
			f.day, ok = dayOf(m[4], b, a)
		} else {
			month, _ := strconv.Atoi(b)
			day, _ := strconv.Atoi(a)
			f.day, ok = r.yearless(month, day)
		}
		if !ok {
			f.day = time.Time{}
			return i
		}
		return i + 1
	case t.kind == number || t.kind == ordinal:
		j := r.skip(i+1, of, on)
		if r.at(j).kind == month {
			return r.inYear(f, i, r.at(j).n, t.n, r.skip(j+1, of))
		}
		if t.kind != ordinal || t.n > 31 || t.n < 1 {
			return i
		}
		day := r.today()
		for day.Day() != t.n {
			day = day.AddDate(0, 0, 1)
		}
		f.day = day
		return i + 1
	case t.kind == month:
		j := r.skip(i+1, on)
		if day := r.at(j); (day.kind == number || day.kind == ordinal) && day.n <= 31 {
			return r.inYear(f, i, t.n, day.n, j+1)
		}
	}
	return i
}

// inYear reads the year of a day of a month, if there is one.
func (r *reader) inYear(f *found, from, month, day, i int) int {
	var ok bool
	if year := r.at(i); year.kind == number && year.n >= 1970 && year.n <= 9999 {
		if f.day, ok = existing(year.n, month, day); ok {
			return i + 1
		}
		f.day = time.Time{}
		return from
	}
	if f.day, ok = r.yearless(month, day); !ok {
		f.day = time.Time{}
		return from
	}
	if r.at(i-1).kind == of {
		i--
	}
	return i
}

// yearless is the next such day of the year, today among them.
func (r *reader) yearless(month, day int) (time.Time, bool) {
	for year := r.now.Year(); year <= r.now.Year()+8; year++ { // 29 February can be eight years away
		if at, ok := existing(year, month, day); ok && !at.Before(r.today()) {
			_, now := existing(r.now.Year(), month, day)
			r.rolled = now && year > r.now.Year()
			return at, true
		}
	}
	return time.Time{}, false
}
