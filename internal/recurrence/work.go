package recurrence

// Work limits what the searches of one or several [Series] may cost together. It
// counts steps, so the same rules always cost the same; a million steps take some
// hundredths of a second. It is not safe for concurrent use.
type Work struct{ left int64 }

// NewWork allows the given number of steps.
func NewWork(steps int64) *Work { return &Work{left: steps} }

// Exhausted tells whether a search was given up, so that its result may be
// incomplete.
func (w *Work) Exhausted() bool { return w.left < 0 }

// spend counts steps and tells whether any are left.
func (p *plan) spend(steps int64) bool {
	if p.work == nil {
		return true
	}
	p.work.left -= steps
	return p.work.left >= 0
}
