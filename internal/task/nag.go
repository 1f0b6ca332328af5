package task

import (
	"tickler/internal/fault"
	"tickler/internal/input"
)

// Limits on how often a task nags.
const (
	minNagMinutes = 5
	maxNagMinutes = 7 * 24 * 60
)

// Nag is how often a task reminds, from its due date on, until it is done.
type Nag struct {
	EveryMinutes int    `json:"every_minutes" alone:"true" doc:"0: no more." minimum:"0" maximum:"10080" example:"30"`
	Until        string `json:"until,omitempty" unlisted:"true" enum:"done"`
}

// Nag is how the task nags, nil if it does not.
func (t *Task) Nag() *Nag {
	if t.NagMinutes == 0 {
		return nil
	}
	return &Nag{EveryMinutes: t.NagMinutes, Until: "done"}
}

// setNag sets how often the task nags, and tells whether that changed.
func (t *Task) setNag(nag Nag) (changed bool, err error) {
	if nag.EveryMinutes != 0 && (nag.EveryMinutes < minNagMinutes || nag.EveryMinutes > maxNagMinutes) {
		return false, fault.Invalid("nag", "every_minutes %d is out of range; allowed are %d to %d, or 0 for no more, for example {\"every_minutes\": 30, \"until\": \"done\"}", nag.EveryMinutes, minNagMinutes, maxNagMinutes)
	}
	if nag.Until != "" {
		if err := input.CheckEnum("nag", nag.Until, "done"); err != nil {
			return false, err
		}
	}
	if nag.EveryMinutes > 0 && t.DueDate == nil && (t.Recurrence == nil || t.Recurrence.Base != FromCompletion) {
		return false, fault.Invalid("nag", "needs a due date to nag from; give due_date, for example \"2026-03-01T09:00\"")
	}
	changed = t.NagMinutes != nag.EveryMinutes
	t.NagMinutes = nag.EveryMinutes
	return changed, nil
}
