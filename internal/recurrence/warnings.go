package recurrence

import (
	"fmt"

	"github.com/teambition/rrule-go"
)

// Warnings lists, as sentences, what would surprise a person about a series
// that is otherwise fine: dates that some months or years do not have, a start
// that is no date of its own rule, a day that is read from the start.
func (s Series) Warnings() []string {
	if !s.usable() {
		return nil
	}
	r, p := s.Rule, newPlan(s)
	var warnings []string
	warn := func(format string, args ...any) {
		warnings = append(warnings, fmt.Sprintf(format, args...))
	}
	if text := p.skippedDay(); text != "" && r.skip == skipOmit {
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
		warn("FREQ=YEARLY with BYMONTHDAY takes its month, %s, from the start. FREQ=MONTHLY repeats in every month.", monthNames[p.startMonth])
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

// skippedDay says that a day of the month does not exist in every month that
// the rule names, or "".
func (p *plan) skippedDay() string {
	r := p.rule
	if r.opt.Freq > rrule.MONTHLY || len(r.opt.Byyearday) > 0 || len(r.opt.Byweekno) > 0 {
		return ""
	}
	days := r.opt.Bymonthday
	if len(days) == 0 {
		if len(r.weekdays) > 0 {
			return ""
		}
		days = []int{p.startDay}
	}
	months := r.opt.Bymonth
	if len(months) == 0 && r.opt.Freq == rrule.YEARLY {
		months = []int{p.startMonth}
	} else if len(months) == 0 {
		months = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	}
	for _, n := range days {
		day := max(n, -n)
		for _, month := range months {
			switch common, leap := daysInMonth(2023, month), daysInMonth(2024, month); {
			case day <= common:
			case day <= leap && len(months) == 1:
				return "29 February exists only in leap years; other years are left out. SKIP=BACKWARD takes 28 February there, SKIP=FORWARD 1 March."
			case len(months) > 1:
				return fmt.Sprintf("Months without a %s day are left out. SKIP=BACKWARD takes their last day, SKIP=FORWARD the first of the next month.", ordinal(day))
			}
		}
	}
	return ""
}
