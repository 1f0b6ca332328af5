package recurrence

import (
	"fmt"
	"iter"
	"slices"

	"github.com/teambition/rrule-go"
)

// Warnings lists, as sentences, what would surprise a person about an otherwise
// valid series: dates left out, a rule that comes far less often than it seems to, a
// start that does not match its own rule, a day taken from the start.
func (s Series) Warnings() []string {
	if !s.usable() {
		return nil
	}
	r, p := s.Rule, newPlan(s)
	var warnings []string
	warn := func(format string, args ...any) {
		warnings = append(warnings, fmt.Sprintf(format, args...))
	}
	if text := p.leftOut(); text != "" {
		warn("%s", text)
	} else if text := p.rarely(); text != "" {
		warn("%s", text)
	}
	if r.has(53, r.opt.Byweekno) {
		warn("Only some years have a week 53; the others are left out.")
	}
	if r.has(366, r.opt.Byyearday) && r.skip == skipOmit {
		warn("Only leap years have a 366th day; the others are left out. BYYEARDAY=-1 is the last day of every year.")
	}
	for _, w := range r.weekdays {
		if n := max(w.n, -w.n); n == 5 && (r.opt.Freq == rrule.MONTHLY || r.months != 0) {
			warn("Months without a fifth %s are left out. BYDAY=-1%s is the last one of every month.", dayNames[w.day], [...]string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}[w.day])
		}
	}
	if r.opt.Freq == rrule.YEARLY && r.months == 0 && len(r.opt.Bymonthday) > 0 &&
		len(r.weekdays)+len(r.opt.Byyearday)+len(r.opt.Byweekno) == 0 {
		if s.Derived {
			warn("Careful: this comes once a year, not every month. FREQ=YEARLY with BYMONTHDAY takes its month from the completion. FREQ=MONTHLY repeats in every month.")
		} else {
			warn("Careful: this comes once a year, not every month. FREQ=YEARLY with BYMONTHDAY takes its month, %s, from the start. FREQ=MONTHLY repeats in every month.", monthNames[p.startMonth])
		}
	}
	if s.Derived {
		if p.coarse() && r.interval() > 1 && len(r.weekdays)+len(r.opt.Bymonthday)+len(r.opt.Byyearday)+len(r.opt.Byweekno) > 0 {
			unit := unitNames[r.opt.Freq]
			warn("The %s of the completion counts as the first of every %d %ss: the next date can be in that very %s.", unit, r.interval(), unit, unit)
		}
		return warnings
	}
	if wall, ok := p.nextWall(p.start - 1); ok && wall != p.start {
		at := p.zone.resolve(wall)
		next := p.occurrence(at.instant, wall, 0).Wall
		layout := "Monday 2 January 2006 15:04"
		if s.AllDay {
			layout = "Monday 2 January 2006"
		}
		warn("The start, %s, is itself no date of the rule; the first one is %s.", s.Start.Format(layout), next.Format(layout))
	}
	return warnings
}

func (r *Rule) has(n int, list []int) bool {
	for _, v := range list {
		if v == n || v == -n {
			return true
		}
	}
	return false
}

// How far ahead a warning looks: four years of months, twelve years.
const lookedAt = 48

// leftOut says that some of the months to come lack a day of the month, or returns
// "". Only months that the rule reaches count: every twelfth month from 31 December
// is December.
func (p *plan) leftOut() string {
	r := p.rule
	if r.opt.Freq > rrule.MONTHLY || len(r.opt.Byyearday) > 0 || len(r.opt.Byweekno) > 0 || r.skip != skipOmit {
		return ""
	}
	days := r.opt.Bymonthday
	if len(days) == 0 {
		if len(r.weekdays) > 0 || p.derived {
			return ""
		}
		days = []int{p.startDay}
	}
	kept, lost, missing, february := 0, 0, 0, true
	for year, month := range p.months() {
		if count := r.opt.Count; count > 0 && kept >= count || p.over(p.zone.resolve(dayOf(year, month, 1)*secondsPerDay).instant, dayOf(year, month, 1)*secondsPerDay) {
			break
		}
		february = february && month == 2
		for _, n := range days {
			if day := max(n, -n); day > daysInMonth(year, month) {
				lost, missing = lost+1, day
			} else {
				kept++
			}
		}
	}
	if lost == 0 {
		return ""
	}
	text := ""
	if often := (kept + lost) / max(kept, 1); often >= 2 {
		text = fmt.Sprintf("Careful: about one in %d of these dates comes. ", often)
	}
	if february && missing == 29 {
		return text + "29 February exists only in leap years; other years are left out. SKIP=BACKWARD takes 28 February there, SKIP=FORWARD 1 March."
	}
	return text + fmt.Sprintf("Months without a %s day are left out. SKIP=BACKWARD takes their last day, SKIP=FORWARD the first of the next month.", ordinal(missing))
}

// months returns the months that a rule of years or months reaches from its start
// on.
func (p *plan) months() iter.Seq2[int, int] {
	return func(yield func(year, month int) bool) {
		for k := range int64(lookedAt) {
			i := p.base + k*p.interval
			if i > p.calendarPeriod(maxDay) {
				return
			}
			months := p.rule.opt.Bymonth
			year := int(i)
			switch {
			case p.freq == rrule.MONTHLY:
				year = int(floorDiv(i, 12))
				month := int(floorMod(i, 12)) + 1
				if len(months) > 0 && !slices.Contains(months, month) {
					continue
				}
				months = []int{month}
			case len(months) == 0:
				months = []int{p.startMonth}
			}
			for _, month := range months {
				if !yield(year, month) {
					return
				}
			}
		}
	}
}

// rarely says that a monthly rule comes a twelfth as often as it seems to, or
// returns "".
func (p *plan) rarely() string {
	if p.freq != rrule.MONTHLY {
		return ""
	}
	var periods []int64
	for wall := p.start - 1; len(periods) < 4; {
		next, ok := p.nextWall(wall)
		if !ok {
			break
		}
		wall = next
		if i := p.calendarPeriod(floorDiv(wall, secondsPerDay)); len(periods) == 0 || periods[len(periods)-1] != i {
			periods = append(periods, i)
		}
	}
	if len(periods) < 2 || (periods[len(periods)-1]-periods[0])/(int64(len(periods)-1)*p.interval) < 12 {
		return ""
	}
	reads := "every month"
	if p.interval > 1 {
		reads = fmt.Sprintf("every %d months", p.interval)
	}
	months := (periods[len(periods)-1] - periods[0]) / int64(len(periods)-1)
	comes := fmt.Sprintf("about every %d years", months/12)
	if months < 24 {
		comes = "once a year"
	}
	return fmt.Sprintf("Careful: this comes %s, though it reads %s.", comes, reads)
}
