package repository

import "tickler/internal/task"

const (
	// maxPageText is how many bytes the texts of one page may have: fifty of the
	// longest descriptions, in whatever script, fit. A page has one task at least.
	maxPageText = 2 << 20
	// maxLogText is the same for entries of the event log.
	maxLogText = 1 << 20
)

// pageText is what is left of the bytes that one answer may have.
type pageText struct{ left, taken int }

// fits takes the place of a text, unless others have taken too much already.
func (r *pageText) fits(size int) bool {
	if r.left -= size; r.left < 0 && r.taken > 0 {
		return false
	}
	r.taken++
	return true
}

func (r *pageText) fitsTask(t *task.Task) bool { return r.fits(len(t.Title) + len(t.Description)) }
