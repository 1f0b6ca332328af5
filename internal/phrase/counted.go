package phrase

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tickler/internal/recurrence"
)

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

// end is the last day of the unit that a day is in.
func (r *reader) end(unit int, day time.Time) time.Time {
	switch unit {
	case weeks:
		return day.AddDate(0, 0, (7-int(day.Weekday()))%7)
	case months:
		return time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, time.UTC)
	case quarters:
		return time.Date(day.Year(), (day.Month()-1)/3*3+4, 0, 0, 0, 0, 0, time.UTC)
	case years:
		return time.Date(day.Year(), 12, 31, 0, 0, 0, 0, time.UTC)
	}
	return time.Time{}
}

// endOf reads the last day of the present or next unit, or of a month.
func (r *reader) endOf(f *found, from int) int {
	i := r.skip(from+1, on, of)
	t, after := r.at(i), r.at(i+1)
	day := r.today()
	switch {
	case (t.kind == next || t.kind == this) && after.kind == unit:
		day, i, t = r.ahead(after.n, t.kind == next), i+2, after
	case t.kind == unit && after.kind == next:
		day, i = r.ahead(t.n, true), i+2
	case t.kind == unit:
		i++
	case t.kind == month:
		i++
		g := found{}
		end := r.inYear(&g, i, t.n, 1, r.skip(i, of))
		if first, ok := existing(day.Year(), t.n, 1); end == i && ok && !r.end(months, first).Before(day) {
			g.day, r.rolled = first, false // it has begun, but not ended
		}
		if t, day, i = (token{meaning: meaning{unit, months}}), g.day, max(i, end); day.IsZero() {
			return from
		}
	default:
		return from
	}
	if f.day = r.end(t.n, day); f.day.IsZero() {
		return from
	}
	return i
}

// counted reads a day that is counted from another: two weeks from Monday.
func (r *reader) counted(f *found, from, n, unit int) int {
	g := found{clock: noClock}
	end := r.day(&g, from+3)
	if r.at(from+3).word == "now" {
		g.day, end = r.today(), from+4
	}
	if g.day.IsZero() || n > 9999 {
		return from
	}
	if f.day = later(g.day, unit, n); f.day.IsZero() {
		return from
	}
	return end
}

// nth reads a day of one month that has no date: the first Monday of January, the last
// Friday of next month.
func (r *reader) nth(f *found, from int) int {
	rule, begin := found{}, r.today()
	parts, end := r.ofMonth(from)
	j := r.skip(end, of, on, in)
	ofNext := j > end && r.at(j).kind == next && r.at(j+1).kind == unit && r.at(j+1).n == months
	if end == from || !ofNext && !strings.Contains(parts, "BYDAY") && !strings.Contains(parts, "-1") {
		return from // such as the 5th, which has a date
	}
	if whole := r.dayOfYear(&rule, from); whole > from {
		end = whole
	} else {
		if ofNext {
			begin, end = r.ahead(months, true), j+2
		} else if r.at(end-1).kind != unit || r.at(end-1).n != months {
			return from
		}
		rule.freq, rule.parts = "MONTHLY", parts
	}
	parsed, err := recurrence.Parse("FREQ=" + rule.freq + rule.parts)
	if err != nil {
		return from
	}
	dates := recurrence.Series{Rule: parsed, Start: begin}.After(begin.Add(-time.Second), 1)
	if len(dates) == 0 {
		return from
	}
	f.day = dates[0].Wall
	return end
}

var spanForm = regexp.MustCompile(`^(\d{1,4}(?:[.,]\d{1,2})?)(h|hrs?|std|u|m|mins?|d|w)?$`)

// span reads a length in one word, 2h or 45min, or one with a fraction: 1.5 hours.
func (r *reader) span(f *found, i int) int {
	if t := r.at(i + 1); r.at(i).kind == oneAndHalf && t.kind == unit && t.n == hours {
		r.hence(f, 90*time.Minute)
		return i + 2
	}
	m := spanForm.FindStringSubmatch(r.at(i).word)
	if m == nil || r.at(i).kind == number {
		return i
	}
	n, _ := strconv.ParseFloat(strings.Replace(m[1], ",", ".", 1), 64)
	end := i + 1
	if m[2] == "" {
		if t := r.at(i + 1); t.kind != unit || t.n != hours {
			return i
		}
		m[2], end = "h", i+2
	}
	switch {
	case m[2] == "d" || m[2] == "w":
		if n != math.Trunc(n) {
			return i // no day is meant
		}
		if f.day = r.today().AddDate(0, 0, int(n)); m[2] == "w" {
			f.day = r.today().AddDate(0, 0, 7*int(n))
		}
		return end
	case m[2][0] == 'm':
		n /= 60
	}
	r.hence(f, time.Duration(n*float64(time.Hour)))
	return end
}

// hence is the moment that is so far from now, to the minute.
func (r *reader) hence(f *found, step time.Duration) {
	wall := recurrence.Wall(r.now.Add(step), r.now.Location()).Truncate(time.Minute)
	f.day = wall.Truncate(24 * time.Hour)
	f.clock = int(wall.Sub(f.day) / time.Second)
}

// away reads a unit, of which the date is n away; without one it is from.
func (r *reader) away(f *found, from, n, i int) int {
	t := r.at(i)
	if t.kind != unit && (t.kind != cadence || t.n != workdays) || n > 9999 {
		return from
	}
	switch t.n {
	case minutes, hours, halfHours:
		step := time.Duration(n) * map[int]time.Duration{minutes: time.Minute, hours: time.Hour, halfHours: 30 * time.Minute}[t.n]
		if more := r.at(i + 1); t.n == hours && more.kind == beyond && more.n > 0 { // an hour and a half
			step, i = step+time.Duration(more.n)*time.Minute, i+1
		}
		r.hence(f, step)
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
