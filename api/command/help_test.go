package command_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/api/command"
)

func run(t *testing.T, args ...string) (status int, said string) {
	t.Helper()
	var out strings.Builder
	serve := func() error { return errors.New("it serves") }
	status = command.Run(args, strings.NewReader(""), &out, &out, serve)
	return status, out.String()
}

// commands are all that the usage lists.
func commands(t *testing.T) (all [][]string) {
	t.Helper()
	status, usage := run(t, "--help")
	require.Zero(t, status)
	for _, line := range regexp.MustCompile(`(?m)^  api ([a-z]+) ?([a-z|]*)`).FindAllStringSubmatch(usage, -1) {
		if line[2] == "" {
			all = append(all, []string{line[1]})
		}
		for _, second := range strings.FieldsFunc(line[2], func(r rune) bool { return r == '|' }) {
			all = append(all, []string{line[1]}, []string{line[1], second})
		}
	}
	require.Greater(t, len(all), 15)
	return append(all, []string{"serve"})
}

// No command does anything, or needs anything, when it is asked for help, or gets a flag
// that it does not know.
func TestEveryCommandHelpsAndRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Setenv("DATABASE_URL", "")
	t.Setenv("KAFKA_BROKERS", "")
	for _, command := range commands(t) {
		for _, help := range []string{"--help", "-h"} {
			status, said := run(t, append(command[:len(command):len(command)], help)...)
			require.Zero(t, status, "%v %s: %s", command, help, said)
			require.NotContains(t, said, "it serves")
			for line := range strings.Lines(said) {
				require.LessOrEqual(t, len(line), 100, "%v %s: %s", command, help, line)
			}
		}
		for _, wrong := range []string{"--no-such-flag", "--no-such-flag=1"} {
			status, said := run(t, append(command[:len(command):len(command)], wrong)...)
			require.Equal(t, 2, status, "%v %s: %s", command, wrong, said)
		}
		if last := command[len(command)-1]; last != "admit" && last != "revoke" {
			status, said := run(t, append(command[:len(command):len(command)], "no-such-argument")...)
			require.Equal(t, 2, status, "%v: %s", command, said)
		}
	}
	for _, wrong := range []string{"--no-such-flag", "no-such-command"} {
		status, said := run(t, wrong)
		require.Equal(t, 2, status, said)
	}
}

func TestHelpOfOneCommandHasAllThatTheUsageSaysOfIt(t *testing.T) {
	_, said := run(t, "restore", "--help")
	require.Equal(t, `Usage:
  api restore ready              check that no app is connected, before the database is restored
  api restore done               begin anew after files of the database were put back; after
                                 pg_restore and point-in-time recovery api migrate up does so
`, said)
}
