package task

import (
	"time"

	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/recurrence"
)

// Within bounds what finding dates of the task's series may cost from now on.
// When work is exhausted, there seem to be no further dates.
func (t *Task) Within(work *recurrence.Work) { t.work = work }

// WorkOut spends of work what the rule of an import costs, so that it can be
// known before anything is imported. What else is wrong with the task is for
// Import to say.
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
