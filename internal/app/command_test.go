package app_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/app"
)

func TestWorkerTakesNoArgumentsButHelp(t *testing.T) {
	t.Parallel()
	command := func(run func() error, args ...string) (status int, out, said string) {
		var stdout, stderr strings.Builder
		status = app.Command("worker", args, &stdout, &stderr, func(w io.Writer) { _, _ = fmt.Fprintln(w, "DATABASE_URL") }, run)
		return status, stdout.String(), stderr.String()
	}
	never := func() error { t.Error("it runs"); return nil }
	for _, asked := range []string{"--help", "-h", "-help", "help"} {
		status, out, said := command(never, asked)
		require.Zero(t, status)
		require.Contains(t, out, "Usage: worker")
		require.Contains(t, out, "DATABASE_URL")
		require.Empty(t, said)
	}
	for _, wrong := range [][]string{{"--port=1"}, {"--help", "x"}, {"serve"}, {""}} {
		status, out, said := command(never, wrong...)
		require.Equal(t, 2, status, wrong)
		require.Contains(t, said, fmt.Sprintf("takes no argument %q; see worker --help", wrong[0]))
		require.Empty(t, out)
	}
	status, _, said := command(func() error { return errors.New("no database") })
	require.Equal(t, 1, status)
	require.Equal(t, "worker: no database\n", said)
}
