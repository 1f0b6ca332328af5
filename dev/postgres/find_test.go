package postgres

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

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
