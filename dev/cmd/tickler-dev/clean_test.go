package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/dev/home"
)

// A home holds people's tasks: it is removed only when somebody says so.
func TestCleanAsksBeforeItRemovesTasks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "home")
	t.Setenv("TICKLER_HOME", path)
	run := func(stdin string, args ...string) (string, error) {
		var output bytes.Buffer
		err := clean(args, strings.NewReader(stdin), &output)
		return output.String(), err
	}
	output, err := run("")
	require.NoError(t, err, "there is nothing to ask about")
	require.Contains(t, output, "There is no "+path)

	h, err := home.Open(path)
	require.NoError(t, err)
	require.NoError(t, h.Close())
	for _, answer := range []string{"n\n", "\n", "what?\n", ""} {
		output, err := run(answer)
		if answer == "" {
			require.ErrorContains(t, err, "nothing is removed", "a script learns that it did not happen")
		} else {
			require.NoError(t, err, "a person who declines got what they wanted")
			require.Contains(t, output, "Nothing is removed.", answer)
		}
		require.Contains(t, output, path+": every task", "it says what would go")
		require.DirExists(t, path, answer)
	}
	_, err = run("")
	require.ErrorContains(t, err, "make clean YES=1", "a script is told how")

	output, err = run("y\n")
	require.NoError(t, err)
	require.Contains(t, output, "is gone")
	require.NoDirExists(t, path)

	require.NoError(t, os.MkdirAll(path, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(path, "notes.txt"), nil, 0o600))
	_, err = run("", "--yes")
	require.ErrorContains(t, err, "is not the home of a stack")
	require.FileExists(t, filepath.Join(path, "notes.txt"))
}
