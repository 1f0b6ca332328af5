package recurrence

// Subdaily tells whether the rule repeats within a day: by the hour or more often.
func (r *Rule) Subdaily() bool { return r.finerThanDaily() }
