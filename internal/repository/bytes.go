package repository

import "tickler/internal/task"

const (
	// maxPageText is how many bytes of text one page may hold: fifty of the longest
	// descriptions, in any script. A page always has at least one task.
	maxPageText = 2 << 20
	// maxLogText is the same for entries of the journal.
	maxLogText = 1 << 20
)

// pageText is the number of bytes left in one answer.
type pageText struct{ left, taken int }

// fits reserves the bytes of a text, if enough are left.
func (r *pageText) fits(size int) bool {
	if r.left -= size; r.left < 0 && r.taken > 0 {
		return false
	}
	r.taken++
	return true
}

func (r *pageText) fitsTask(t *task.Task) bool { return r.fits(len(t.Title) + len(t.Description)) }
