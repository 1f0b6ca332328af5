package transfer

import (
	"fmt"

	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/recurrence"
)

// maxWork bounds the steps that the rules of one file may take. Ten thousand
// ordinary rules take a hundredth of it; all of it takes about a second.
const maxWork = 20_000_000

// checkWork refuses a file whose rules would keep a processor busy, before anything
// is imported.
func (s *Service) checkWork(user person.Settings, items []item) error {
	work := recurrence.NewWork(maxWork)
	for _, one := range items {
		if one.reason != "" {
			continue
		}
		if s.tasks.WorkOut(user, one.in, work); work.Exhausted() {
			return &fault.Error{
				Code: fault.LimitExceeded, Field: "body",
				Message: fmt.Sprintf("the recurrence rules up to task %d (%q) take longer to work out than one import may; nothing was imported", one.row, fault.Clip(one.in.Title.Value)),
				Hint:    "rules whose parts seldom agree take long: simplify those, or split the file before this task",
			}
		}
	}
	return nil
}
