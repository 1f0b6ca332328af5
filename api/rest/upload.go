package rest

import (
	"errors"
	"io"
	"mime/multipart"

	"tickler/internal/fault"
)

// upload is the one file of a form (RFC 7578), read as it arrives.
type upload struct {
	form *multipart.Reader
	part *multipart.Part
	err  error // after which nothing is read any more
}

// maxFields is how many other fields of a form are passed over.
const maxFields = 10

// openUpload finds the file of a form.
func openUpload(body io.Reader, boundary string) (io.Reader, error) {
	if boundary == "" {
		return nil, fault.Invalid("Content-Type", "has no boundary; let the program that sends the form set it, for example curl -F file=@tasks.csv")
	}
	u := &upload{form: multipart.NewReader(body, boundary)}
	err := u.next()
	if errors.Is(err, io.EOF) {
		return nil, fault.Invalid("body", "is a form without a file; send one, for example with curl -F file=@tasks.csv")
	}
	return u, err
}

// next goes on to the next file; io.EOF if there is none.
func (u *upload) next() error {
	for range maxFields {
		part, err := u.form.NextRawPart()
		if known := (*fault.Error)(nil); errors.As(err, &known) {
			return err
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fault.Invalid("body", "is no form that can be read: %s", fault.Clip(err.Error()))
		}
		if err != nil {
			return err
		}
		if part.FileName() != "" {
			u.part = part
			return nil
		}
	}
	return fault.Invalid("body", "is a form of more than %d fields without a file", maxFields)
}

// Read reads the file. Behind its end, another one is refused: it would be lost.
func (u *upload) Read(p []byte) (int, error) {
	if u.err != nil {
		return 0, u.err
	}
	n, err := u.part.Read(p)
	switch {
	case n > 0 || err == nil:
		return n, nil
	case errors.Is(err, io.EOF):
		if err = u.next(); err == nil {
			err = fault.Invalid("body", "holds more than one file; send them one by one, or in a ZIP; nothing was imported")
		}
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = fault.Invalid("body", "is a form that ends within its file; nothing was imported")
	}
	u.err = err
	return 0, err
}
