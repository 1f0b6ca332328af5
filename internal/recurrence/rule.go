package recurrence

import (
	"strings"

	"github.com/teambition/rrule-go"
)

// Rule is a valid recurrence rule. It is immutable after [Parse] and safe for
// concurrent use.
type Rule struct {
	opt   rrule.ROption // without Dtstart and Until, lists sorted and unique
	until until
	skip  skip
	text  string

	weekdays  []weekday
	months    uint16 // bit 1..12; 0 for no BYMONTH
	monthDays uint32 // bit 1..31 of BYMONTHDAY
	fromEnd   uint32 // bit 1..31 of BYMONTHDAY, counted from the end
	plainDays uint8  // bit 0..6 of BYDAY without a number
	seconds   []int  // BYSECOND with a leap second read as 59
}

// weekday is a BYDAY value: the nth such day, 0 for every one.
type weekday struct{ n, day int }

// skip says what becomes of a day that a month lacks (RFC 7529, 4.1).
type skip int

const (
	skipOmit skip = iota
	skipBackward
	skipForward
)

func (s skip) String() string { return [...]string{"OMIT", "BACKWARD", "FORWARD"}[s] }

// until is the end of a rule, in one of the three forms of RFC 5545.
type until struct {
	form  untilForm
	value int64 // a day number, a wall time or a Unix time
	text  string
}

type untilForm int

const (
	untilNone untilForm = iota
	untilDate
	untilLocal
	untilUTC
)

// String returns the rule as RRULE text without the prefix: shorthands expanded,
// lists sorted without repeats, parts with their default value left out.
func (r *Rule) String() string { return r.text }

// Count returns the COUNT of the rule, 0 if it has none.
func (r *Rule) Count() int { return r.opt.Count }

func (r *Rule) interval() int64 { return int64(max(r.opt.Interval, 1)) }

// finish derives the engine's lookup tables from the parsed lists.
func (r *Rule) finish() {
	for _, m := range r.opt.Bymonth {
		r.months |= 1 << m
	}
	for _, d := range r.opt.Bymonthday {
		if d > 0 {
			r.monthDays |= 1 << d
		} else {
			r.fromEnd |= 1 << -d
		}
	}
	for i := range r.opt.Byweekday {
		w := weekday{n: r.opt.Byweekday[i].N(), day: r.opt.Byweekday[i].Day()}
		r.weekdays = append(r.weekdays, w)
		if w.n == 0 {
			r.plainDays |= 1 << w.day
		}
	}
	for _, s := range r.opt.Bysecond {
		// RFC 5545, 3.3.12: without support for leap seconds, 60 is 59.
		if s = min(s, 59); len(r.seconds) == 0 || r.seconds[len(r.seconds)-1] != s {
			r.seconds = append(r.seconds, s)
		}
	}
	var text strings.Builder
	if r.skip != skipOmit {
		text.WriteString("RSCALE=GREGORIAN;")
	}
	text.WriteString(r.opt.RRuleString())
	if r.until.form != untilNone {
		text.WriteString(";UNTIL=" + r.until.text)
	}
	if r.skip != skipOmit {
		text.WriteString(";SKIP=" + r.skip.String())
	}
	r.text = text.String()
}
