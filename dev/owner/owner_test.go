package owner

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDataGoesWhereItsOwnerCanReachIt(t *testing.T) {
	stranger := Owner{UID: 65534, GID: 65534}
	open, err := os.MkdirTemp(shared(), "tickler-test-")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(open) })
	require.NoError(t, os.Chmod(open, 0o711))
	require.Equal(t, filepath.Join(open, "server"), stranger.DataDir(open, "server"))

	require.NoError(t, os.Chmod(open, 0o700))
	elsewhere := stranger.DataDir(open, "server")
	require.Equal(t, shared(), filepath.Dir(filepath.Dir(elsewhere)))
	require.Equal(t, elsewhere, stranger.DataDir(open, "server"), "the same home, the same data")
	require.NotEqual(t, elsewhere, stranger.DataDir(filepath.Join(open, "other"), "server"))

	require.Equal(t, filepath.Join(open, "server"), Owner{}.DataDir(open, "server"), "the caller's own")
}

func TestServersOfOneHomeHaveFoldersOfTheirOwn(t *testing.T) {
	open := t.TempDir()
	require.NotEqual(t, Owner{}.DataDir(open, "one"), Owner{}.DataDir(open, "other"))
}
