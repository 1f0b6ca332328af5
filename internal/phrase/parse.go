package phrase

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"tickler/internal/recurrence"
)

// reader reads phrases from tokens. Its methods take the place of a token and return
// the place behind what they read, the same place if they read nothing.
type reader struct {
	tokens   []token
	now      time.Time // in the person's zone
	dayFirst bool      // 5/6 is 5 June
}

// found is a phrase as far as it was read.
type found struct {
	day   time.Time // wall time; zero: none was named
	clock int       // seconds into the day, -1: none
	exact string

	freq  string // of RRULE, "" if nothing recurs
	every int    // its INTERVAL
	parts string // the BY parts, each with a semicolon before it
	bang  bool
	until time.Time
	run   func(time.Time) time.Time // the last day, from the first one
}

const noClock = -1

var (
	dayCodes = []string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}
	workWeek = "MO,TU,WE,TH,FR"
)

// at is the token at a place; one of no kind behind the last.
func (r *reader) at(i int) token {
	if i < len(r.tokens) {
		return r.tokens[i]
	}
	return token{}
}

// skip passes over tokens of some kinds.
func (r *reader) skip(i int, kinds ...kind) int {
	for slices.Contains(kinds, r.at(i).kind) && i < len(r.tokens) {
		i++
	}
	return i
}

// phrase reads as much as belongs together.
func (r *reader) phrase(i int) (found, int) {
	f := found{clock: noClock, every: 1}
	for begin := i; ; {
		from := i
		if f.freq == "" {
			i = r.recurrence(&f, i)
		}
		if r.at(i).kind == starting && f.day.IsZero() {
			if next := r.day(&f, i+1); next > i+1 {
				i = next
			}
		}
		if r.at(i).kind == until && f.freq != "" && f.until.IsZero() {
			end := found{clock: noClock}
			if next := r.day(&end, i+1); next > i+1 {
				f.until, i = end.day, next
			}
		}
		if f.freq != "" && f.run == nil {
			i = r.during(&f, i)
		}
		if f.clock == noClock {
			i = r.clock(&f, i)
		}
		if f.day.IsZero() && f.exact == "" {
			i = r.day(&f, i)
		}
		if i == from {
			if i > begin {
				return f, i
			}
			return f, begin
		}
	}
}

// clock reads a time of day.
func (r *reader) clock(f *found, i int) int {
	j := r.skip(i, at)
	introduced := j > i
	t, after := r.at(j), r.at(j+1)
	switch {
	case t.kind == clock && after.kind == meridiem:
		if n, ok := half(t.n, after.n); ok {
			f.clock, j = n, j+2
		}
	case t.kind == clock, t.kind == dotted && introduced:
		f.clock, j = t.n, r.skip(j+1, oclock)
	case t.kind == dotted && after.kind == oclock:
		f.clock, j = t.n, j+2
	case t.kind == number && after.kind == meridiem:
		if n, ok := half(t.n*3600, after.n); ok {
			f.clock, j = n, j+2
		}
	case t.kind == number && (after.kind == oclock || after.kind == unit && after.n == hours && !slices.Contains([]kind{in, every, starting, during}, r.at(i-1).kind)):
		if t.n < 24 {
			f.clock, j = t.n*3600, j+2
			if minute := r.at(j); minute.kind == number && minute.n < 60 && after.kind == oclock {
				f.clock, j = f.clock+minute.n*60, j+1
			}
		}
	case t.kind == number && introduced:
		if t.n < 24 {
			f.clock, j = t.n*3600, j+1
		}
	default:
		if k := r.skip(i, in, on, at, this, of); r.at(k).kind == part || r.at(k).kind == dawn && (!f.day.IsZero() || f.freq != "") {
			f.clock = morning
			if r.at(k).kind == part {
				f.clock = r.at(k).n
			}
			return k + 1
		}
	}
	if f.clock == noClock {
		return i
	}
	if k := r.skip(j, in, on, of); r.at(k).kind == part { // 9 in the evening
		if r.at(k).n >= noon && f.clock < noon {
			f.clock += 12 * 3600
		}
		return k + 1
	}
	return j
}

// half is a time of the half of a day.
func half(seconds, from int) (int, bool) {
	if seconds < 3600 || seconds >= 13*3600 {
		return 0, false
	}
	return seconds%(12*3600) + from*3600, true
}

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
			return at, true
		}
	}
	return time.Time{}, false
}

// during reads for how long something recurs.
func (r *reader) during(f *found, i int) int {
	if r.at(i).kind != during || r.at(i+1).kind != number || r.at(i+2).kind != unit || r.at(i+2).n < days {
		return i
	}
	n, of := r.at(i+1).n, r.at(i+2).n
	f.run = func(first time.Time) time.Time { return later(first, of, n).AddDate(0, 0, -1) }
	return i + 3
}

// result makes a phrase of what was found between two tokens.
func (r *reader) result(f found, begin, end int) (Phrase, bool) {
	p := Phrase{Begin: r.tokens[begin].begin, End: r.tokens[end-1].end, FromCompletion: f.bang}
	if f.exact != "" && f.freq == "" {
		p.Due = f.exact
		return p, true
	}
	first, ok := r.first(f)
	if !ok || first.Year() < 1970 || first.Year() > 9999 {
		return Phrase{}, false
	}
	if p.AllDay = f.clock == noClock && f.freq != "HOURLY"; p.AllDay {
		p.Due = first.Format(time.DateOnly)
	} else if p.Due = first.Format("2006-01-02T15:04"); first.Second() != 0 {
		p.Due = first.Format("2006-01-02T15:04:05")
	}
	if f.freq == "" {
		return p, true
	}
	p.Rule = "FREQ=" + f.freq
	if f.every > 1 {
		p.Rule += fmt.Sprintf(";INTERVAL=%d", f.every)
	}
	p.Rule += f.parts
	if f.run != nil {
		f.until = f.run(first.Truncate(24 * time.Hour))
	}
	if !f.until.IsZero() {
		p.Rule += ";UNTIL=" + f.until.Format("20060102")
	}
	_, err := recurrence.Parse(p.Rule)
	return p, err == nil
}

// first is the first date, as wall time.
func (r *reader) first(f found) (time.Time, bool) {
	now := recurrence.Wall(r.now, r.now.Location())
	clock := time.Duration(max(f.clock, 0)) * time.Second
	day, named := f.day, !f.day.IsZero()
	if !named {
		day = r.today()
	}
	passed := !named && f.clock != noClock && !day.Add(clock).After(now)
	switch {
	case f.freq == "" && !named && f.clock == noClock:
		return time.Time{}, false
	case f.freq == "HOURLY" && f.clock == noClock && !named:
		return now.Truncate(time.Hour).Add(time.Hour), true
	case passed && (f.freq == "" || f.freq == "DAILY" || f.freq == "HOURLY" || f.parts == ""):
		return day.AddDate(0, 0, 1).Add(clock), true
	case f.freq == "" || f.parts == "":
		return day.Add(clock), true
	}
	rule, err := recurrence.Parse("FREQ=" + f.freq + f.parts)
	if err != nil {
		return time.Time{}, false
	}
	after := day.Add(clock - time.Second)
	if passed {
		after = now
	}
	dates := recurrence.Series{Rule: rule, Start: day.Add(clock)}.After(after, 1)
	if len(dates) == 0 {
		return time.Time{}, false
	}
	return dates[0].Wall, true
}

// meant tells whether what was found within a text is a date, rather than words that
// can be one: the sun, look at 9 flats, the 3rd chapter, a weekly report.
func (r *reader) meant(f found, begin, end int) bool {
	t, ends := r.at(end-1), end == len(r.tokens)
	introduced := r.at(begin).kind == on && end-begin == 2
	switch {
	case introduced && t.kind == ordinal:
		return ends
	case introduced && t.kind == weekday:
		return len(t.word) > 3 || r.at(begin).word != "the"
	case r.at(begin).kind == at && t.kind == number && end-begin == 2:
		return ends
	case end-begin > 1:
		return f.freq != "" || !f.day.IsZero() || f.clock != noClock
	}
	switch t.kind {
	case offset, dawn, date, clock, eachDay:
		return true
	case weekday:
		return len(t.word) > 3 || slices.Contains([]string{"mon", "tue", "wed", "thu", "fri"}, t.word)
	case cadence:
		return ends
	}
	return false
}
