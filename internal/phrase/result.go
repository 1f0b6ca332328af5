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
		return time.Time{}, false
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
