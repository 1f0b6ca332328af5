package postgres

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
	require.Equal(t, filepath.Join(open, "postgres"), stranger.DataDir(open))

	require.NoError(t, os.Chmod(open, 0o700))
	elsewhere := stranger.DataDir(open)
	require.Equal(t, shared(), filepath.Dir(filepath.Dir(elsewhere)))
	require.Equal(t, elsewhere, stranger.DataDir(open), "the same home, the same data")
	require.NotEqual(t, elsewhere, stranger.DataDir(filepath.Join(open, "other")))

	require.Equal(t, filepath.Join(open, "postgres"), Owner{}.DataDir(open), "the caller's own")
}

func TestVersionOfDataIsThatOfItsCluster(t *testing.T) {
	data := t.TempDir()
	require.Zero(t, DataVersion(data))
	require.NoError(t, os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("15\n"), 0o600))
	require.Equal(t, 15, DataVersion(data))
}

func TestNoPostgresOfThatVersionIsToldApart(t *testing.T) {
	_, err := Find(t.Context(), 999)
	require.ErrorIs(t, err, ErrNotInstalled)
}
