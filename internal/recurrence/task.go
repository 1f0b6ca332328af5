package recurrence

import (
	"fmt"
	"time"

	"github.com/teambition/rrule-go"
)

// Subdaily tells whether the rule repeats by hours, minutes or seconds.
func (r *Rule) Subdaily() bool { return r.opt.Freq >= rrule.HOURLY }

// CheckTask refuses a rule that comes more often than once an hour, which is
// too often for a task. The error is an [*Error].
func (r *Rule) CheckTask() error {
	within := len(r.opt.Byminute) > 1 || len(r.seconds) > 1
	if r.opt.Freq <= rrule.HOURLY && !within {
		return nil
	}
	// Spacing depends on how the parts meet, so it is looked at: without an end,
	// from a time that the parts allow.
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
