package recurrence

// Warnings lists what would surprise a person about the series.
func (s Series) Warnings() []string { return nil }
