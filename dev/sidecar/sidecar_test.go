package sidecar_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/dev/sidecar"
)

// install puts a daprd of some version where the dapr CLI would.
func install(t *testing.T, version string) (runtimePath, daprd string) {
	t.Helper()
	runtimePath = t.TempDir()
	daprd = filepath.Join(runtimePath, ".dapr", "bin", "daprd")
	require.NoError(t, os.MkdirAll(filepath.Dir(daprd), 0o755))
	require.NoError(t, os.WriteFile(daprd, []byte("#!/bin/sh\necho "+version+"\n"), 0o755))
	return runtimePath, daprd
}

func TestInstalledDaprdIsUsedWhenNewEnough(t *testing.T) {
	for version, used := range map[string]bool{"1.18.2": true, "1.18.3": true, "1.20.1": true, "1.18.1": false, "edge": false} {
		runtimePath, daprd := install(t, version)
		if !used {
			daprd = ""
		}
		require.Equal(t, daprd, sidecar.Installed(t.Context(), runtimePath), version)
		t.Setenv("DAPR_RUNTIME_PATH", runtimePath)
		require.Equal(t, daprd, sidecar.Installed(t.Context(), ""), version)
	}
	require.Empty(t, sidecar.Installed(t.Context(), t.TempDir()))
}
