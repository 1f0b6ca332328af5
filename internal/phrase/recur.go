package phrase

import (
	"fmt"
	"slices"
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

// eachMonth tells whether days of a month are those of every month.
func (r *reader) eachMonth(from, end int) bool {
	if r.at(end-1).kind != unit {
		return false
	}
	for i := from; i < end; i++ {
		t := r.at(i)
		if t.kind == every || t.kind == of && slices.Contains([]string{"of each", "of every", "de chaque", "de cada", "van elke"}, t.word) {
			return true
		}
	}
	return false
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

// ofYear reads a day of the year.
func (r *reader) ofYear(f *found, i int) int {
	t := r.at(i)
	if t.kind == ordinal && r.at(r.skip(i+1, of, on)).kind != month || t.kind == date && t.year {
		return i
	}
	if end := r.date(f, i); end > i {
		f.freq, f.named = "YEARLY", true
		return end
	}
	return i
}

// dayOfYear reads a day of a month of the year that has no date: the 4th Thursday of
// November, the last day of February.
func (r *reader) dayOfYear(f *found, i int) int {
	parts, end := r.ofMonth(i)
	if end == i {
		return i
	}
	j := r.skip(end, of, on, in)
	if r.at(j).kind != month {
		return i
	}
	f.freq, f.parts = "YEARLY", fmt.Sprintf(";BYMONTH=%d", r.at(j).n)+parts
	return j + 1
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

// weekdays reads a list of days of the week.
func (r *reader) weekdays(from int) (list string, end int) {
	var days []string
	i := from
	for {
		j := r.skip(i, on, and)
		if t := r.at(j); t.kind != weekday && t.kind != eachDay || j > i && len(days) == 0 {
			break
		} else if code := dayCodes[t.n]; !strings.Contains(strings.Join(days, ","), code) {
			days = append(days, code)
		}
		i = j + 1
		if k := r.between(i); r.at(k).kind == weekday && k > i {
			for day := r.at(j).n; day != r.at(k).n; {
				if day = (day + 1) % 7; !slices.Contains(days, dayCodes[day]) {
					days = append(days, dayCodes[day])
				}
			}
			i = k + 1
		}
	}
	return strings.Join(days, ","), i
}

// between passes over the word between the first and the last of several days. In some
// languages it is the one that ends a recurrence: Montag bis Freitag.
func (r *reader) between(i int) int {
	if t := r.at(i); t.kind == through || t.kind == until && slices.Contains([]string{"bis", "tot", "tot en met"}, t.word) {
		return i + 1
	}
	return i
}

// ofMonth reads days of a month: the 14th and 28th, the last day, the 3rd Friday,
// the first workday.
func (r *reader) ofMonth(from int) (parts string, end int) {
	var named []string
	i := from
	for {
		j := r.skip(i, on, and)
		t := r.at(j)
		n := t.n
		switch {
		case t.kind == last:
			n = -1
		case t.kind == other:
			n = 2
		case t.kind != ordinal || n < 1 || n > 31:
			n = 0
		}
		if n == 0 || j > i && len(named) == 0 {
			break
		}
		of := r.at(j + 1)
		switch {
		case of.kind == weekday && n <= 5:
			for k, before := range named { // the 2nd and 4th Tuesday
				if number, found := strings.CutPrefix(before, "BYMONTHDAY="); found && len(number) == 1 && number <= "5" {
					named[k] = "BYDAY=" + number + dayCodes[of.n]
				}
			}
			named = append(named, fmt.Sprintf("BYDAY=%d%s", n, dayCodes[of.n]))
			j++
		case of.kind == unit && of.n == days && (n == 1 || n == -1):
			named = append(named, fmt.Sprintf("BYMONTHDAY=%d", n))
			j++
		case of.kind == unit && of.n == workdays:
			named = append(named, fmt.Sprintf("BYDAY=%s;BYSETPOS=%d", workWeek, n))
			j++
		case t.kind == other && of.kind == and:
			named = append(named, "BYMONTHDAY=2")
		case of.kind == unit && of.n == weekends, of.kind == unit && t.kind == ordinal, t.kind != ordinal:
			return "", from
		default:
			named = append(named, fmt.Sprintf("BYMONTHDAY=%d", n))
		}
		i = j + 1
	}
	if len(named) == 0 {
		return "", from
	}
	parts = ";" + named[0]
	name, _, _ := strings.Cut(named[0], "=")
	for _, day := range named[1:] {
		other, value, _ := strings.Cut(day, "=")
		if other != name || strings.Contains(day+named[0], ";") {
			return "", from
		}
		parts += "," + value
	}
	// Of the month, of each month.
	if j := r.skip(i, of, on, every); j > i && r.at(j).kind == unit && r.at(j).n == months {
		return parts, j + 1
	}
	return parts, i
}
