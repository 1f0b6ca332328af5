package transfer

import (
	"errors"
	"fmt"
	"io"

	"tickler/internal/fault"
)

// maxEntry is how many bytes of a file one task, or one row, may take. The
// longest task that there can be takes less, with every character escaped.
const maxEntry = 256 << 10

var errLongEntry = fmt.Errorf("one entry of it is longer than %d bytes", maxEntry)

// file is an import as it arrives. It is read once, and only what its format's
// reader makes of it is kept.
type file struct {
	from io.Reader
	left int   // bytes left for the current entry
	err  error // why the rest could not be read
}

// entry begins another entry.
func (f *file) entry() { f.left = maxEntry }

// Read fills p even if little arrives at a time, since decoders rescan what they
// have with each read.
func (f *file) Read(p []byte) (n int, err error) {
	if f.left <= 0 {
		return 0, errLongEntry
	}
	for p = p[:min(len(p), f.left)]; n < len(p) && err == nil; {
		var more int
		more, err = f.from.Read(p[n:])
		n += more
	}
	f.left -= n
	if err != nil && !errors.Is(err, io.EOF) {
		f.err = err
	}
	return n, err
}

// refuse says why a file cannot be imported: as a predicate, what is wrong with
// it where reading it failed with err.
func (f *file) refuse(err error, format string) error {
	var known *fault.Error
	switch {
	case f.err != nil: // it did not arrive, so its content is unknown
		return f.err
	case errors.As(err, &known):
		return known
	case errors.Is(err, errLongEntry):
		return fault.Invalid("body", "cannot be imported: %s", errLongEntry).WithHint("leave out what is no task, such as attachments")
	default:
		return fault.Invalid("body", format, fault.Clip(err.Error()))
	}
}

// tooMany refuses a file by the number of something that it has.
func tooMany(what string, most int) error {
	return &fault.Error{
		Code: fault.LimitExceeded, Field: "body", Message: fmt.Sprintf("the file has more than %d %s, the most that can be imported at once; nothing was imported", most, what),
		Hint: "split the file; what is imported once is not imported again",
	}
}
