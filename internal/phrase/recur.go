package phrase

import (
	"fmt"
	"strings"
)

// freqs are the FREQ and INTERVAL of each unit.
var freqs = map[int]struct {
	freq  string
	every int
}{
	hours: {"HOURLY", 1}, days: {"DAILY", 1}, weeks: {"WEEKLY", 1}, fortnights: {"WEEKLY", 2},
	months: {"MONTHLY", 1}, quarters: {"MONTHLY", 3}, halves: {"MONTHLY", 6}, years: {"YEARLY", 1}, weekends: {"WEEKLY", 1}, workdays: {"WEEKLY", 1},
}

// recurs sets how often something recurs: every n units.
func (f *found) recurs(unit, n int) bool {
	u, known := freqs[unit]
	if !known || n < 1 || n > 999 || n > 1 && unit == workdays {
		return false
	}
	f.freq, f.every = u.freq, u.every*n
	switch unit {
	case workdays:
		f.parts = ";BYDAY=" + workWeek
	case weekends:
		f.parts = ";BYDAY=SA,SU"
	}
	return true
}

// recurrence reads how something recurs.
func (r *reader) recurrence(f *found, from int) int {
	i := r.recurring(f, from)
	if f.freq == "DAILY" && f.every == 1 && f.parts == "" {
		return r.without(f, i)
	}
	return i
}

// without reads the days on which something does not recur that else does daily.
func (r *reader) without(f *found, from int) int {
	if r.at(from).kind != except {
		return from
	}
	i := r.skip(from+1, on)
	list, end := r.weekdays(i)
	if t := r.plural(i); t.kind == unit && t.n == weekends {
		list, end = "SA,SU", i+1
	}
	var left []string
	for _, day := range []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"} {
		if !strings.Contains(list, day) {
			left = append(left, day)
		}
	}
	if list == "" || len(left) == 0 {
		return from
	}
	f.freq, f.parts = "WEEKLY", ";BYDAY="+strings.Join(left, ",")
	return end
}

func (r *reader) recurring(f *found, from int) int {
	t := r.at(from)
	switch t.kind {
	case cadence:
		if f.recurs(t.n, 1) {
			f.bang = t.bang
			return r.within(f, from+1, t.n)
		}
	case eachDay:
		days, i := r.weekdays(from)
		f.freq, f.parts = "WEEKLY", ";BYDAY="+days
		return i
	case every, alternate:
		i := r.skip(from+1, on)
		if t.kind == alternate && r.at(i).kind != number {
			i = from
		}
		i = r.each(f, i)
		if f.freq == "" {
			return from
		}
		f.bang = t.bang
		return i
	case on, ordinal, last, other: // on the last Friday of each month
		if parts, end := r.ofMonth(r.skip(from, on)); end > from && r.eachMonth(from, end) {
			f.freq, f.parts = "MONTHLY", parts
			return end
		}
	}
	return from
}

// each reads what follows "every".
func (r *reader) each(f *found, i int) int {
	t, after := r.plural(i), r.plural(i+1)
	switch t.kind {
	case unit:
		if day := after.n; t.n == days && after.kind == number && day >= 1 && day <= 31 && r.at(i+2).kind != unit { // todo dia 15
			f.freq, f.parts = "MONTHLY", fmt.Sprintf(";BYMONTHDAY=%d", day)
			return i + 2
		}
		if f.recurs(t.n, 1) {
			return r.within(f, i+1, t.n)
		}
	case part, dawn:
		f.freq, f.clock = "DAILY", morning
		if t.kind == part {
			f.clock = t.n
		}
		return r.hourOf(f, i+1)
	case other, alternate:
		if parts, end := r.ofMonth(i); end > i && r.at(end-1).kind == unit { // the second Tuesday of the month
			f.freq, f.parts = "MONTHLY", parts
			return end
		}
		if end := r.dayOfYear(f, i); end > i {
			return end
		}
		if after.kind == unit && f.recurs(after.n, 2) {
			return r.within(f, i+2, after.n)
		}
		if days, end := r.weekdays(i + 1); end > i+1 {
			f.freq, f.every, f.parts = "WEEKLY", 2, ";BYDAY="+days
			return end
		}
	case weekday, eachDay:
		days, end := r.weekdays(i)
		if next := r.at(end); next.kind == other { // cada lunes segundo
			f.every, end = 2, end+1
		}
		f.freq, f.parts = "WEEKLY", ";BYDAY="+days
		return end
	case number, plus:
		if after.kind == unit && f.recurs(after.n, t.n) {
			return r.within(f, i+2, after.n)
		}
		if end := r.ofYear(f, i); end > i {
			return end
		}
		if j := r.skip(i+1, of, on); j > i+1 && r.at(j).kind == unit && r.at(j).n == months && t.n >= 1 && t.n <= 31 { // tous les 15 du mois
			f.freq, f.parts = "MONTHLY", fmt.Sprintf(";BYMONTHDAY=%d", t.n)
			return j + 1
		}
	case last:
		if end := r.dayOfYear(f, i); end > i {
			return end
		}
		if parts, end := r.ofMonth(i); end > i {
			f.freq, f.parts = "MONTHLY", parts
			return end
		}
	case ordinal:
		if end := r.ofYear(f, i); end > i {
			return end
		}
		if end := r.dayOfYear(f, i); end > i {
			return end
		}
		if parts, end := r.ofMonth(i); end > i {
			f.freq, f.parts = "MONTHLY", parts
			return end
		}
		if after.kind == unit && f.recurs(after.n, t.n) { // every 3rd day
			return r.within(f, i+2, after.n)
		}
	case month, date:
		if end := r.ofYear(f, i); end > i {
			return end
		}
	}
	return i
}

// plural is the token at a place, with words that mean a unit and say by themselves that
// it recurs, such as weekdays, as that unit.
func (r *reader) plural(i int) token {
	t := r.at(i)
	if t.kind == cadence && (t.n == workdays || t.n == weekends) {
		t.kind = unit
	}
	return t
}

// within reads on which days of each week or month something recurs.
func (r *reader) within(f *found, from, unit int) int {
	i := r.skip(from, on, of, in)
	switch unit {
	case weeks, fortnights:
		if days, end := r.weekdays(i); end > i {
			f.parts = ";BYDAY=" + days
			return end
		}
	case months, quarters:
		if parts, end := r.ofMonth(i); end > i {
			f.parts = parts
			return end
		}
	case years:
		if end := r.date(f, i); end > i {
			f.named = true
			return end
		}
		if end := r.dayOfYear(f, i); end > i {
			return end
		}
	}
	return from
}
