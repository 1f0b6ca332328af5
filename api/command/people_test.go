package command

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/pgtest"
	"tickler/internal/repository"
)

// administered runs commands on a database of their own.
type administered struct{ t *testing.T }

func administer(t *testing.T) administered {
	pool := pgtest.Open(t)
	t.Setenv("DATABASE_URL", pool.Config().ConnString())
	return administered{t}
}

// run returns the exit status of a command, with what it printed.
func (a administered) run(input string, args ...string) (status int, out, said string) {
	var stdout, stderr bytes.Buffer
	status = Run(args, strings.NewReader(input), &stdout, &stderr, func() error { return nil })
	return status, stdout.String(), stderr.String()
}

// do requires success.
func (a administered) do(args ...string) string {
	a.t.Helper()
	status, out, said := a.run("", args...)
	require.Zero(a.t, status, said)
	return out
}

func TestPersonIsDeletedOnlyByWhoTypesTheirName(t *testing.T) {
	a := administer(t)
	a.do("token", "create", "--user", "ann")
	a.do("token", "create", "--user", "bob")
	for _, typed := range []string{"", "\n", "yes\n", "bob\n"} {
		status, _, said := a.run(typed, "user", "delete", "--user", "ann")
		require.Equal(t, 1, status)
		require.Contains(t, said, "nothing was deleted")
		for _, remains := range []string{"task-events", "up to 7 days", "logs of notifier", "backups", "GET /v1/export"} {
			require.Contains(t, said, remains)
		}
	}
	require.Contains(t, a.do("user", "list"), `"ann"`)
	status, _, _ := a.run("ann\n", "user", "delete", "--user", "Ann")
	require.Equal(t, 1, status, "as it was asked for")
	status, out, _ := a.run("ann\n", "user", "delete", "--user", "ann")
	require.Zero(t, status)
	require.Contains(t, out, "ann is deleted: 0 tasks")
	require.NotContains(t, a.do("user", "list"), `"ann"`)
	require.NotContains(t, a.do("audit"), `"ann"`)
	status, _, said := a.run("", "user", "delete", "--user", "ann", "--yes")
	require.Equal(t, 1, status)
	require.Contains(t, said, "api user list")
	a.do("user", "delete", "--user", "bob", "--yes")
	for _, wrong := range [][]string{{"user", "delete"}, {"user", "delete", "--user", "ann", "x"}, {"user", "rename", "--user", "ann"}, {"user", "list", "x"}} {
		status, _, _ := a.run("", wrong...)
		require.Equal(t, 2, status, "%q", wrong)
	}
}

func TestOperatorsSeeNamesOfPeople(t *testing.T) {
	a := administer(t)
	a.do("token", "create", "--user", "ann", "--name", "laptop")
	require.Contains(t, a.do("audit"), `"ann"`)
	for _, same := range []string{"ann", "ANN"} {
		status, _, said := a.run("", "user", "rename", "--user", "ann", "--to", same)
		require.Equal(t, 1, status)
		require.Contains(t, said, "nothing was changed")
	}
	require.Contains(t, a.do("user", "rename", "--user", "ann", "--to", "Anna"), "ann is called Anna now")
	lines := strings.Split(strings.TrimSpace(a.do("audit", "--user", "anna")), "\n")
	require.Equal(t, []string{`"anna"`, "user.updated"}, strings.Fields(lines[1])[1:3])
	a.do("token", "create", "--user", "bob")
	status, _, said := a.run("", "user", "rename", "--user", "bob", "--to", "ANNA")
	require.Equal(t, 1, status)
	require.Contains(t, said, "another person is called")
}

func TestLifetimeOfATokenIsSaidInDaysToo(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90d": 90 * 24 * time.Hour, "12w": 12 * 7 * 24 * time.Hour, "36h": 36 * time.Hour, "1h30m": 90 * time.Minute, "3650d": 3650 * 24 * time.Hour,
	} {
		got, err := parseLifetime(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, wrong := range []string{"", "90", "d", "0d", "-1d", "-36h", "1.5d", "3651d", "99999999999999999999d", "106751991167300645w", "30s", "1y", "soon"} {
		_, err := parseLifetime(wrong)
		require.ErrorContains(t, err, "90d", "%q", wrong)
	}
}

func TestWhatIsNotThereIsNeitherReleasedNorSentAgain(t *testing.T) {
	a := administer(t)
	for _, c := range []struct{ args, list string }{
		{"outbox release 7", "api outbox list"}, {"deadletters redrive 7", "api deadletters list"},
		{"token revoke --user ann 7", "api token list --user ann"},
	} {
		a.do("token", "create", "--user", "ann")
		status, out, said := a.run("", strings.Fields(c.args)...)
		require.Equal(t, 1, status, c.args)
		require.Empty(t, out, c.args)
		require.Contains(t, said, c.list, c.args)
	}
	require.Equal(t, "0 released\n", a.do("outbox", "release", "all"))
	require.Equal(t, "0 sent again\n", a.do("deadletters", "redrive", "all"))
}

func TestVersionIsPrinted(t *testing.T) {
	_, out, _ := administered{t}.run("", "--version")
	require.True(t, strings.HasPrefix(out, "api "), out)
}

func TestMissingDatabaseNamesTheFileThatSetsIt(t *testing.T) {
	t.Setenv("DATABASE_URL", "")
	_, _, said := administered{t}.run("", "user", "list")
	require.Contains(t, said, ". .tickler/env")
}

func TestRestoreIsRefusedWhileAppsAreConnected(t *testing.T) {
	pool := pgtest.Open(t)
	t.Setenv("DATABASE_URL", pool.Config().ConnString())
	a := administered{t}
	require.Contains(t, a.do("restore", "ready"), "no app is connected")
	connected, err := repository.Connect(t.Context(), pool.Config().ConnString(), repository.RoleAPI)
	require.NoError(t, err)
	require.NoError(t, connected.Ping(t.Context()))
	for _, command := range []string{"ready", "done"} {
		status, _, said := a.run("", "restore", command)
		require.Equal(t, 1, status, command)
		require.Contains(t, said, "tickler_api from ", command)
	}
	_, err = pool.Exec(t.Context(), `UPDATE incarnations SET system_identifier = 1`)
	require.NoError(t, err)
	status, _, said := a.run("", "migrate", "up")
	require.Equal(t, 1, status)
	require.Contains(t, said, "tickler_api from ")
	connected.Close()
	require.Eventually(t, func() bool { status, _, _ := a.run("", "restore", "ready"); return status == 0 }, 10*time.Second, 20*time.Millisecond)
	require.Contains(t, a.do("migrate", "up"), "it was restored from a backup")
	require.NotContains(t, a.do("migrate", "up"), "restored", "once")
	require.Contains(t, a.do("restore", "done"), "as asked for")
	status, _, _ = a.run("", "restore")
	require.Equal(t, 2, status)
}
