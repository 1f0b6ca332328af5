package phrase

import (
	"regexp"
	"strconv"
	"time"
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
	case t.kind == weekday && r.ofWeek(f, i+1, t.n) > i+1: // Tuesday of next week
		i = r.ofWeek(f, i+1, t.n)
	case t.kind == weekday:
		f.day = r.next(t.n, 1)
		i = r.skip(i+1, next)
	case (t.kind == next || t.kind == this) && after.kind == unit:
		if f.day = r.ahead(after.n, t.kind == next); !f.day.IsZero() {
			i = r.dayOfIt(f, i+2, i)
		}
	case t.kind == unit && after.kind == next: // la semaine prochaine
		if f.day = r.ahead(t.n, true); !f.day.IsZero() {
			i = r.dayOfIt(f, i+2, i)
		}
	case t.kind == unit && t.n == weekends:
		f.day, i = r.next(6, 0), i+1
	case t.kind == in && after.kind == unit && after.n == halfHours:
		i = r.away(f, i, 1, i+1)
	case t.kind == in && r.span(f, i+1) > i+1:
		i = r.span(f, i+1)
	case t.kind == ending:
		f.day, i = r.end(t.n, today), i+1
	case (t.kind == number || t.kind == plus) && after.kind == unit && after.n >= days && r.at(i+2).kind == starting:
		i = r.counted(f, i, t.n, after.n)
	case (t.kind == ordinal || t.kind == last || t.kind == other) && r.nth(f, i) > i:
		i = r.nth(f, i)
	case t.kind == in && (after.kind == number || after.kind == plus):
		i = r.away(f, i, after.n, i+2)
	case t.kind == plus:
		i = r.away(f, i, t.n, i+1)
	case t.kind == endOf:
		i = r.endOf(f, i)
	default:
		i = r.date(f, i)
	}
	if f.day.IsZero() && f.exact == "" {
		return from
	}
	return i
}

// ofWeek reads the week that a day of it is of: next week, or this one.
func (r *reader) ofWeek(f *found, from, weekday int) int {
	i := r.skip(from, of, on, in)
	t, after := r.at(i), r.at(i+1)
	week := t.kind == unit && t.n == weeks && after.kind == next || after.kind == unit && after.n == weeks && (t.kind == next || t.kind == this)
	if !week {
		return from
	}
	day := r.ahead(weeks, true)
	if t.kind == this {
		day = day.AddDate(0, 0, -7)
	}
	f.day = day.AddDate(0, 0, (weekday+6)%7)
	return i + 2
}

// dayOfIt reads the day of a week that was read from begin on: next week Tuesday.
func (r *reader) dayOfIt(f *found, i, begin int) int {
	if j := r.skip(i, on); r.at(j).kind == weekday {
		if g := *f; r.ofWeek(&g, begin, r.at(j).n) > begin {
			f.day = g.day
			return j + 1
		}
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

var shortYear = regexp.MustCompile(`^['’](\d{2})$`)

// inYear reads the year of a day of a month, if there is one.
func (r *reader) inYear(f *found, from, month, day, i int) int {
	var ok bool
	year := r.at(i)
	if m := shortYear.FindStringSubmatch(year.word); m != nil && year.kind == unknown { // '27
		year.kind = number
		year.n, _ = strconv.Atoi("20" + m[1])
	}
	if year.kind == number && year.n >= 1970 && year.n <= 9999 {
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
