package recurrence

import "time"

// Words says the rule in English.
func (r *Rule) Words(start time.Time) string { return r.text }
