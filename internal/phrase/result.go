package phrase

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tickler/internal/recurrence"
)

// result makes a phrase of what was found between two tokens.
func (r *reader) result(f found, begin, end int) (Phrase, bool) {
	p := Phrase{Begin: r.tokens[begin].begin, End: r.tokens[end-1].end, FromCompletion: f.bang}
	if f.exact != "" && f.freq == "" {
		p.Due = f.exact
		return p, true
	}
	p.NextYear = r.rolled && !f.named && !f.day.IsZero()
	if len(f.hours) > 1 {
		f.parts += clockParts(f)
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

// clockParts are the times of day of a rule.
func clockParts(f found) string {
	hours := f.hours
	if len(hours) == 0 {
		hours = []int{f.clock / 3600}
	}
	var texts []string
	for _, hour := range hours {
		texts = append(texts, strconv.Itoa(hour))
	}
	return fmt.Sprintf(";BYHOUR=%s;BYMINUTE=%d", strings.Join(texts, ","), f.clock/60%60)
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
	if len(f.hours) > 1 && !named {
		passed = true // some of them
	}
	switch {
	case f.freq == "" && !named && f.clock == noClock:
		return day, f.close
	case f.freq == "HOURLY" && f.clock == noClock && !named:
		return now.Truncate(time.Hour).Add(time.Hour), true
	case passed && f.freq == "HOURLY":
		at := day.Add(clock)
		for !at.After(now) {
			at = at.Add(time.Duration(f.every) * time.Hour)
		}
		return at, true
	case passed && len(f.hours) < 2 && (f.freq == "" || f.freq == "DAILY" || f.parts == ""):
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
	if r.bound(begin, end) {
		return false
	}
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
	case offset, dawn, date, clock, eachDay, close, ending:
		return true
	case part: // tonight is of today, other parts of a day need one
		return slices.Contains(tonight, t.word)
	case weekday:
		return len(t.word) > 3 || slices.Contains([]string{"mon", "tue", "wed", "thu", "fri"}, t.word)
	case cadence:
		return ends
	}
	return false
}

// tonight are the parts of a day that are of today.
var tonight = []string{"tonight", "ce soir", "esta noche", "vanavond", "vannacht", "hoje a noite"}

// bound tells whether words beside make another date of what was found: last Friday, a
// week from Friday, Friday week, the first Monday of next month. Rather none than another.
func (r *reader) bound(begin, end int) bool {
	first, final, after := r.at(r.skip(begin, on)), r.at(end-1), r.at(end)
	for r.at(begin-1).kind == on {
		begin--
	}
	before := r.at(begin - 1)
	day := first.kind == weekday || first.kind == unit || first.kind == next || first.kind == this
	switch {
	case before.kind == last, before.kind == endOf, before.kind == elsewhere, (before.kind == other || before.kind == ordinal) && day:
		return true
	case final.kind == weekday && (after.kind == last || after.kind == elsewhere): // vendredi dernier
		return true
	case before.kind == weekday && first.kind == in, final.kind == weekday && after.kind == in && r.at(end+1).kind == number: // Monday in two weeks: of which week?
		return true
	case after.kind == except: // of days that could not be taken out
		return r.at(end+1).kind == weekday || r.at(end+1).kind == cadence || r.at(end+1).kind == unit
	case final.kind == weekday && after.kind == unit && after.n == weeks && r.at(begin-1).kind != number:
		return true
	case before.kind == unit && r.at(begin-2).kind == number && before.n >= days && (first.kind == weekday || first.kind == offset || first.kind == starting):
		return true
	}
	return false
}
