// Package wake lets anybody wake a goroutine that waits for work.
package wake

// Signal wakes whoever receives from it. Signals that come while one waits to be
// received become one with it, so look for all there is to do after each.
type Signal chan struct{}

// New makes a signal for one receiver.
func New() Signal { return make(Signal, 1) }

// Send never blocks.
func (s Signal) Send() {
	select {
	case s <- struct{}{}:
	default: // the one that waits covers this too
	}
}
