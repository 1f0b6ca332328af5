package phrase

import (
	"fmt"
	"slices"
	"strings"
)

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
