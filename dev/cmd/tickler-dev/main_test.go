package main

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// The test's own binary stands in for the program, so that its exit status shows.
func TestMain(m *testing.M) {
	if os.Getenv("TICKLER_DEV_ITSELF") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func itself(t *testing.T, args ...string) (status int, said string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], args...)
	c.Dir, c.Env = t.TempDir(), append(os.Environ(), "TICKLER_DEV_ITSELF=1")
	output, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return c.ProcessState.ExitCode(), string(output)
}

func TestEveryCommandHelpsAndRefusesWhatItDoesNotKnow(t *testing.T) {
	for name := range commands {
		for _, help := range []string{"--help", "-h"} {
			status, said := itself(t, name, help)
			require.Zero(t, status, "%s %s: %s", name, help, said)
			require.Contains(t, said, "Usage: tickler-dev COMMAND")
		}
		status, said := itself(t, name, "--no-such-flag")
		require.Equal(t, 2, status, "%s: %s", name, said)
		require.Contains(t, said, "no-such-flag")
		if name != "has" && name != "with-postgres" { // which take any
			status, said = itself(t, name, "no-such-argument")
			require.Equal(t, 2, status, "%s: %s", name, said)
		}
	}
	for _, args := range [][]string{{"--help"}, {"-h"}, {"help"}} {
		status, _ := itself(t, args...)
		require.Zero(t, status, args)
	}
	for _, args := range [][]string{{}, {"--no-such-flag"}, {"no-such-command"}} {
		status, _ := itself(t, args...)
		require.Equal(t, 2, status, args)
	}
}
