package recurrence

// Work bounds what the searches of one or several [Series] may cost together.
// It is counted in steps, so that the same rules always cost the same; a million
// take some hundredths of a second. It is for one goroutine.
type Work struct{ left int64 }

// NewWork allows so many steps.
func NewWork(steps int64) *Work { return &Work{left: steps} }

// Exhausted tells whether a search was given up: what it returned may be less
// than there is.
func (w *Work) Exhausted() bool { return w.left < 0 }

// spend counts steps, and tells whether there are any left.
func (p *plan) spend(steps int64) bool {
	if p.work == nil {
		return true
	}
	p.work.left -= steps
	return p.work.left >= 0
}
