package recurrence

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

var (
	dayNames   = [...]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
	monthNames = [...]string{"", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	unitNames  = map[rrule.Frequency]string{
		rrule.YEARLY: "year", rrule.MONTHLY: "month", rrule.WEEKLY: "week", rrule.DAILY: "day",
		rrule.HOURLY: "hour", rrule.MINUTELY: "minute", rrule.SECONDLY: "second",
	}
)

// workdays are Monday to Friday as BYDAY bits.
const workdays = 1<<5 - 1

// Words returns the rule in English, as part of a sentence, such as "every 2 weeks
// on Monday and Friday at 09:00, 10 times". Whatever the rule takes from the start
// of its series comes from start.
func (r *Rule) Words(start time.Time) string {
	return Series{Rule: r, Start: start}.Words()
}

// Words is [Rule.Words] for the series: without a time of day for whole days, and
// without the day of the start if nobody chose it.
func (s Series) Words() string {
	if s.Rule == nil {
		return "never"
	}
	r := s.Rule
	unit := unitNames[r.opt.Freq]
	text := "every " + unit
	if n := r.interval(); n > 1 {
		text = fmt.Sprintf("every %d %ss", n, unit)
	}
	if r.opt.Freq == rrule.WEEKLY && r.plainDays == workdays && r.interval() == 1 {
		text = "every weekday" + r.inMonths()
	} else {
		text += r.dateWords(s.Start, s.Derived)
	}
	if !s.AllDay {
		text += r.timeWords(s.Start)
	}
	if len(r.opt.Bysetpos) > 0 {
		text += ", only the " + list(ordinals(r.opt.Bysetpos, " to last")) + " of each " + unit
	}
	if s.weekStartDecides() {
		text += ", weeks starting on " + dayNames[r.opt.Wkst.Day()]
	}
	switch r.skip {
	case skipBackward:
		text += ", or the day before where that day does not exist"
	case skipForward:
		text += ", or the day after where that day does not exist"
	}
	return text + r.endWords()
}

// weekStartDecides tells whether the series would have different dates if its weeks
// began on a Monday or a Sunday, as people count them.
func (s Series) weekStartDecides() bool {
	r := s.Rule
	weekly := r.opt.Freq == rrule.WEEKLY && (r.interval() > 1 || len(r.opt.Bysetpos) > 0)
	numbered := len(r.opt.Byweekno) > 0 && r.opt.Wkst != rrule.MO // week numbers assume weeks that begin on Monday
	if !s.usable() || s.Derived || !weekly && !numbered {
		return false
	}
	days := func(wkst rrule.Weekday) (list []int64) {
		other := *r
		other.opt.Wkst, other.opt.Count, other.until = wkst, 0, until{}
		p := newPlan(Series{Rule: &other, Start: s.Start, AllDay: s.AllDay})
		for wall := p.start - 1; len(list) < 6; {
			next, ok := p.nextWall(wall)
			if !ok {
				break
			}
			wall = next
			list = append(list, wall)
		}
		return list
	}
	own := days(r.opt.Wkst)
	return !slices.Equal(own, days(rrule.MO)) || !slices.Equal(own, days(rrule.SU))
}

func (r *Rule) endWords() string {
	u := r.until
	switch {
	case r.opt.Count == 1:
		return ", once"
	case r.opt.Count > 1:
		return fmt.Sprintf(", %d times", r.opt.Count)
	case u.form == untilDate:
		return ", until " + time.Unix(u.value*secondsPerDay, 0).UTC().Format("2 January 2006")
	case u.form == untilLocal:
		return ", until " + time.Unix(u.value, 0).UTC().Format("2 January 2006 15:04")
	case u.form == untilUTC:
		return ", until " + time.Unix(u.value, 0).UTC().Format("2 January 2006 15:04 UTC")
	}
	return ""
}

// dateWords describes the days, in terms of the frequency.
func (r *Rule) dateWords(start time.Time, derived bool) string {
	opt := &r.opt
	named := len(opt.Byweekno)+len(opt.Byyearday)+len(opt.Bymonthday)+len(r.weekdays) > 0
	switch {
	case derived && !named:
		return r.inMonths()
	case len(opt.Byweekno) > 0:
		text := " in " + list(weekNumbers(opt.Byweekno))
		if derived && len(opt.Byyearday)+len(opt.Bymonthday)+len(r.weekdays) == 0 {
			return text + r.inMonths()
		}
		if len(opt.Byyearday) > 0 || len(opt.Bymonthday) > 0 || len(r.weekdays) > 0 {
			return text + r.dayWords() + r.inMonths()
		}
		return text + " on " + dayNames[(int(start.Weekday())+6)%7] + r.inMonths()
	case len(opt.Byyearday) > 0 || len(opt.Bymonthday) > 0 || len(r.weekdays) > 0:
		text := r.dayWords()
		if !derived && opt.Freq == rrule.YEARLY && r.months == 0 && len(opt.Bymonthday) > 0 && len(opt.Byyearday) == 0 && len(r.weekdays) == 0 {
			return text + " of " + start.Month().String()
		}
		return text + r.inMonths()
	case opt.Freq == rrule.YEARLY && r.months == 0:
		return fmt.Sprintf(" on %d %s", start.Day(), start.Month())
	case opt.Freq == rrule.YEARLY || opt.Freq == rrule.MONTHLY:
		return " on the " + ordinal(start.Day()) + r.inMonths()
	case opt.Freq == rrule.WEEKLY:
		return " on " + dayNames[(int(start.Weekday())+6)%7] + r.inMonths()
	}
	return r.inMonths()
}

func (r *Rule) inMonths() string {
	if r.months == 0 {
		return ""
	}
	var names []string
	for _, m := range r.opt.Bymonth {
		names = append(names, monthNames[m])
	}
	return " in " + list(names)
}

// dayWords describes BYYEARDAY, BYMONTHDAY and BYDAY; if several are given, all must
// match.
func (r *Rule) dayWords() string {
	var parts []string
	if len(r.weekdays) > 0 {
		parts = append(parts, " on "+r.weekdayWords())
	}
	if days := r.opt.Bymonthday; len(days) > 0 {
		parts = append(parts, " on the "+list(ordinals(days, " to last day")))
	}
	if days := r.opt.Byyearday; len(days) > 0 {
		parts = append(parts, " on the "+list(ordinals(days, " to last"))+" day of the year")
	}
	return strings.Join(parts, ", if")
}

func (r *Rule) weekdayWords() string {
	var names []string
	rare := r.opt.Freq <= rrule.MONTHLY && len(r.opt.Byweekno) == 0 // a plain day there is every such day
	for _, w := range r.weekdays {
		switch {
		case w.n != 0:
			names = append(names, "the "+ordinals([]int{w.n}, " to last")[0]+" "+dayNames[w.day])
		case rare && r.plainDays == workdays && len(r.weekdays) == 5:
			return "weekdays"
		case rare:
			names = append(names, "every "+dayNames[w.day])
		default:
			names = append(names, dayNames[w.day])
		}
	}
	return list(names)
}

// maxTimes is how many times of day are listed individually.
const maxTimes = 6

// timeWords describes the times of day, or the parts of them that the rule gives.
func (r *Rule) timeWords(start time.Time) string {
	opt := &r.opt
	if opt.Freq <= rrule.DAILY {
		p := newPlan(Series{Rule: r, Start: start})
		if n := p.clock.size(); n <= maxTimes {
			var times []string
			for i := range n {
				times = append(times, r.clockText(p.clock.at(i)))
			}
			return " at " + list(times)
		}
	}
	text := ""
	if len(r.seconds) > 0 {
		text += " at second " + list(ordinary(r.seconds, ""))
	}
	switch {
	case len(opt.Byminute) > 0:
		text += " at minute " + list(ordinary(opt.Byminute, ""))
	case opt.Freq <= rrule.HOURLY:
		text += " at minute " + strconv.Itoa(start.Minute())
	}
	if len(opt.Byhour) > 0 {
		text += " of hour " + list(ordinary(opt.Byhour, ""))
	} else if opt.Freq <= rrule.DAILY {
		text += " of hour " + strconv.Itoa(start.Hour())
	}
	return text
}

// clockText formats whole minutes; seconds only if the rule names them.
func (r *Rule) clockText(second int64) string {
	text := fmt.Sprintf("%02d:%02d", second/secondsPerHour, second/60%60)
	if len(r.seconds) > 0 && second%60 != 0 {
		text += fmt.Sprintf(":%02d", second%60)
	}
	return text
}

// weekNumbers formats BYWEEKNO; negative numbers count from the end of the year.
func weekNumbers(numbers []int) []string {
	var texts []string
	for _, n := range numbers {
		switch {
		case n == -1:
			texts = append(texts, "the last week of the year")
		case n < 0:
			texts = append(texts, "the "+ordinal(-n)+" to last week of the year")
		default:
			texts = append(texts, "week "+strconv.Itoa(n))
		}
	}
	return texts
}

// ordinals formats numbers as 1st, 2nd and, from the end, last, 2nd to last; the
// caller gives what follows a number from the end.
func ordinals(numbers []int, fromEnd string) []string {
	var texts, last []string
	for _, n := range numbers {
		switch {
		case n == -1:
			last = append(last, "last"+strings.TrimPrefix(fromEnd, " to last"))
		case n < 0:
			last = append([]string{ordinal(-n) + fromEnd}, last...)
		default:
			texts = append(texts, ordinal(n))
		}
	}
	return append(texts, last...)
}

// ordinary formats plain numbers; negative ones count from the end.
func ordinary(numbers []int, last string) []string {
	var texts []string
	for _, n := range numbers {
		switch {
		case n == -1:
			texts = append(texts, last)
		case n < 0:
			texts = append(texts, ordinal(-n)+" to "+last)
		default:
			texts = append(texts, strconv.Itoa(n))
		}
	}
	return texts
}

func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}

func list(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	return strings.Join(items[:len(items)-1], ", ") + " and " + items[len(items)-1]
}
