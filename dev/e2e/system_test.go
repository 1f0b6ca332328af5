package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
)

const (
	soon  = 30 * time.Second      // bound of waits for what takes well under a second, or a scan
	later = 60 * time.Second      // bound of waits that include restarts and rebalancing
	often = 20 * time.Millisecond // how often a condition is looked at

	minute = time.Minute
	day    = 24 * time.Hour
)

// system is a running stack with an observer on its broker and a connection to
// its database.
type system struct {
	*stack.Stack
	cluster  *deployment // that it runs on instead; then there is no stack
	home     string
	observer *observer
	db       *pgxpool.Pool
}

func newSystem(ctx context.Context, home string, change func(*stack.Config)) (*system, error) {
	kind, err := testBroker()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", brokerVariable, err)
	}
	elsewhere, err := cluster()
	if err != nil {
		return nil, err
	}
	config := stack.Config{Root: staged.root, Home: home, Daprd: staged.daprd, Broker: kind, BrokerElsewhere: elsewhere}
	if change != nil {
		change(&config)
	}
	running, err := stack.Start(ctx, config)
	if err != nil {
		return nil, err
	}
	s := &system{Stack: running, home: home}
	if s.observer, err = observe(running.Broker()); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	if s.db, err = pgxpool.New(ctx, running.DatabaseURL()); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// MCPURL is where clients connect.
func (s *system) MCPURL() string {
	if s.cluster != nil {
		return s.cluster.url + "/mcp"
	}
	return s.Stack.MCPURL()
}

// DatabaseURL is that of the system's database.
func (s *system) DatabaseURL() string {
	if s.cluster != nil {
		return s.cluster.stores.url
	}
	return s.Stack.DatabaseURL()
}

func (s *system) stop() error {
	if s.db != nil {
		s.db.Close()
	}
	if s.observer != nil {
		s.observer.close()
	}
	s.Stop()
	return stack.Clean(s.home)
}

// start starts a system for one test, which may disturb it as it likes. At the
// end every event that was published must have met the contract.
func start(t testing.TB, change func(*stack.Config)) *system {
	t.Helper()
	if onCluster() {
		t.Skip("it wants a broker of its own, to disturb, and " + clusterVariable + " names one that is shared")
	}
	home := filepath.Join(staged.root, strings.ReplaceAll(t.Name(), "/", "-"))
	s, err := newSystem(t.Context(), home, change)
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, s.observer.check())
		if t.Failed() {
			s.showLogs(t)
		}
		assert.NoError(t, s.stop())
	})
	return s
}

// showLogs prints the end of every part's log, for whoever must find out why a
// test failed.
func (s *system) showLogs(t testing.TB) {
	for _, part := range append(s.Parts(), "tickler") {
		lines := strings.Split(strings.TrimSpace(s.Log(part)), "\n")
		t.Logf("the last lines of %s:\n%s", part, strings.Join(lines[max(0, len(lines)-15):], "\n"))
	}
}

// api runs a command of the api's binary against the system's database and
// returns what it printed.
func (s *system) api(t testing.TB, args ...string) string {
	t.Helper()
	env := []string{"DATABASE_URL=" + s.DatabaseURL()}
	if s.cluster != nil {
		env = append(env, "PGSSLROOTCERT="+s.cluster.stores.authorityFile())
	}
	output, err := command(t, "api", env, args...).Output()
	require.NoError(t, err, "api %s", strings.Join(args, " "))
	return strings.TrimSpace(string(output))
}

// command is a staged binary with an environment of nothing but env.
func command(t testing.TB, name string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), filepath.Join(staged.root, "bin", name), args...)
	c.Env = append(append([]string{}, env...), "HOME="+os.TempDir())
	return c
}

// query reads one value from the system's database.
func query[T any](t testing.TB, s *system, sql string, args ...any) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), later)
	defer cancel()
	var value T
	require.NoError(t, s.db.QueryRow(ctx, sql, args...).Scan(&value), sql)
	return value
}

// exec changes the system's database behind its back.
func (s *system) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	_, err := s.db.Exec(t.Context(), sql, args...)
	require.NoError(t, err, sql)
}

// until waits for a condition within a bound, and says what it waited for. The
// condition may end the test, so it is asked in the goroutine of the test, and
// once more when the bound has passed: this process may have been held up.
func until(t testing.TB, bound time.Duration, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(bound); ; time.Sleep(often) {
		late := time.Now().After(deadline)
		if condition() {
			return
		}
		if late {
			require.FailNow(t, "waited "+bound.String()+" for: "+what)
		}
	}
}

// waitReady waits for a part that was killed to be ready in another process.
func (s *system) waitReady(t testing.TB, part string, before int) {
	t.Helper()
	until(t, later, part+" runs again", func() bool {
		pid := s.PID(part)
		return pid != 0 && pid != before
	})
	ctx, cancel := context.WithTimeout(t.Context(), later)
	defer cancel()
	require.NoError(t, s.WaitReady(ctx, part))
}

// lines are those of a part's log that contain every one of the given texts.
func (s *system) lines(part string, texts ...string) []string {
	var found []string
next:
	for line := range strings.Lines(s.Log(part)) {
		for _, text := range texts {
			if !strings.Contains(line, text) {
				continue next
			}
		}
		found = append(found, line)
	}
	return found
}

// reminderLine is what every 🔔 line about a task contains.
func reminderLine(taskID int64) string { return fmt.Sprintf("(ID: %d)", taskID) }

// reminders are the 🔔 lines about a task, over all replicas of notifier.
func (s *system) reminders(taskID int64) []string {
	var found []string
	if s.cluster != nil {
		return s.cluster.logs.lines(reminderLine(taskID))
	}
	for _, part := range s.Parts() {
		if strings.HasPrefix(part, "notifier") && !strings.HasSuffix(part, "-daprd") {
			found = append(found, s.lines(part, "🔔 REMINDER", reminderLine(taskID))...)
		}
	}
	return found
}
