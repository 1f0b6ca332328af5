package rest

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
)

// Whatever a form holds, its one file is read or it is said what is wrong, once and for
// all.
func FuzzUpload(f *testing.F) {
	f.Add("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\nTYPE,CONTENT\r\n--x--\r\n", "x")
	f.Add("--x\r\n\r\n--x--", "x")
	f.Fuzz(func(t *testing.T, body, boundary string) {
		file, err := openUpload(strings.NewReader(body), boundary)
		if err == nil {
			_, err = io.ReadAll(io.LimitReader(file, 1<<20))
			n, again := file.Read(make([]byte, 1))
			require.True(t, n > 0 || again != nil || err == nil)
		}
		var known *fault.Error
		require.True(t, err == nil || errors.As(err, &known), "%v", err)
	})
}
