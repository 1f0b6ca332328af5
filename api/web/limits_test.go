package web

import (
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"
)

// A browser cuts off what is pasted beyond maxlength, and says nothing; it also counts in
// UTF-16, of which an emoji has two. The server says what is too long, and keeps it.
func TestNoFieldOfAFormCutsOffWhatIsPasted(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(templates, "templates/*.html")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := fs.ReadFile(templates, file)
		require.NoError(t, err)
		require.NotContains(t, string(text), "maxlength", file)
	}
}
