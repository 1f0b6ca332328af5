package recurrence

import (
	"fmt"
	"time"

	"github.com/teambition/rrule-go"
)

// Subdaily tells whether the rule repeats by hours, minutes or seconds.
func (r *Rule) Subdaily() bool { return r.opt.Freq >= rrule.HOURLY }

// NamesHour tells whether the rule names hours, so that its dates are moments. Other
// rules work equally well for whole days.
func (r *Rule) NamesHour() bool { return r.Subdaily() || len(r.opt.Byhour) > 0 }

// NamesDay tells whether the rule names days. Other rules take their day from the
// start of the series.
func (r *Rule) NamesDay() bool {
	return len(r.weekdays)+len(r.opt.Bymonthday)+len(r.opt.Byyearday)+len(r.opt.Byweekno) > 0
}

// CountsHours tells whether the rule counts elapsed time only, such as every 36 hours,
// independent of days and of changes of the clock.
func (r *Rule) CountsHours() bool {
	return r.Subdaily() && !r.NamesDay() && r.months == 0 &&
		len(r.opt.Byhour)+len(r.opt.Byweekno)+len(r.opt.Bysetpos) == 0
}

// Clock lists the times of day that a rule with FREQ=DAILY or rarer names,
// ascending. A minute that is not named is 0.
func (r *Rule) Clock() []time.Duration {
	if r.Subdaily() || len(r.opt.Byhour) == 0 {
		return nil
	}
	p := newPlan(Series{Rule: r, Start: time.Unix(0, 0).UTC()})
	times := make([]time.Duration, p.clock.size())
	for i := range times {
		times[i] = time.Duration(p.clock.at(i)) * time.Second
	}
	return times
}

// CheckTask refuses a rule that comes more often than once an hour, which is too
// often for a task. The error is an [*Error].
func (r *Rule) CheckTask() error {
	within := len(r.opt.Byminute) > 1 || len(r.seconds) > 1
	if r.opt.Freq <= rrule.HOURLY && !within {
		return nil
	}
	// The spacing depends on how the parts combine, so it is measured, without an
	// end, from a time that the parts allow.
	endless := *r
	endless.opt.Count, endless.until = 0, until{}
	pick := func(list []int) int {
		if len(list) > 0 {
			return list[0]
		}
		return 0
	}
	start := time.Date(2024, 1, 1, pick(r.opt.Byhour), pick(r.opt.Byminute), pick(r.seconds), 0, time.UTC)
	list := Series{Rule: &endless, Start: start}.First(300)
	for i := 1; i < len(list); i++ {
		if list[i].Time.Sub(list[i-1].Time) < time.Hour {
			return fail("FREQ", r.text, fmt.Sprintf("The rule %s comes more often than once an hour, which is too often for a task: use FREQ=HOURLY or rarer, for example FREQ=DAILY;BYHOUR=9,13,17.", quote(r.text)))
		}
	}
	return nil
}
