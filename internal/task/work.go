package task

import (
	"time"

	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/recurrence"
)

// Within limits the work of finding dates of the task's series from now on. Once
// work is exhausted, the series seems to have no further dates.
func (t *Task) Within(work *recurrence.Work) { t.work = work }

// WorkOut spends from work what the rule of an import costs, so that the cost is
// known before anything is imported. Other errors in the task are left for Import to
// report.
func (s *Service) WorkOut(user person.Settings, in Import, work *recurrence.Work) {
	fields := in.Fields.withoutEmpty()
	rule, base := fields.RecurrenceRule, fields.RecurrenceBase
	if !rule.Set {
		return
	}
	if in.TimeZone != "" {
		if _, err := person.LoadZone("time_zone", in.TimeZone); err != nil {
			return
		}
		user.TimeZone = in.TimeZone
	}
	fields.RecurrenceRule, fields.RecurrenceBase = input.Optional[string]{}, input.Optional[RecurrenceBase]{}
	t, err := s.draft(user, fields)
	if err != nil {
		return
	}
	t.Within(work)
	_, _ = t.setRule(rule.Value, base.Value, time.Time{}, s.clock())
}
