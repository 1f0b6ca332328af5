package e2e

import (
	"bytes"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/dev/port"
)

// program is a process that a test runs beside a stack.
type program struct {
	*exec.Cmd
	mu     sync.Mutex
	output bytes.Buffer
	ended  chan error
}

func (p *program) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Write(text)
}

func (p *program) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// launch starts a staged binary with exactly the environment env.
func launch(t *testing.T, name string, env []string, args ...string) *program {
	t.Helper()
	p := &program{Cmd: command(t, name, env, args...), ended: make(chan error, 1)}
	p.Stdout, p.Stderr = io.Writer(p), p
	require.NoError(t, p.Start())
	go func() { p.ended <- p.Wait() }()
	t.Cleanup(func() { _ = p.Process.Kill() })
	return p
}

func TestDatabaseThatIsAwayIsSaidAndWaitedFor(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p := s.person(t, "")
	kept := p.add(t, fields{"title": "kept", "due_date": in(day), "recurrence_rule": "daily"})
	urls := map[string]string{}
	for _, app := range []string{"api", "notifier", "recurrer"} {
		urls[app] = s.Env()["TICKLER_"+upper(app)+"_URL"]
	}
	require.NoError(t, s.StopPart("postgres"))

	for app, url := range urls {
		require.Equal(t, http.StatusServiceUnavailable, send(t, http.MethodGet, url+"/readyz", "").status, app)
		require.Equal(t, http.StatusOK, send(t, http.MethodGet, url+"/healthz", "").status, app)
	}
	// The token cannot be checked either: the answer is HTTP's.
	r := s.post(t, p.token, ping)
	require.Equal(t, http.StatusServiceUnavailable, r.status)
	require.Contains(t, r.body, "UNAVAILABLE")
	require.NotContains(t, r.body, "127.0.0.1", "where the database is, is nobody's business")
	require.NotEmpty(t, r.header.Get("Retry-After"))
	_, err := p.try(t.Context(), "list_tasks", fields{})
	require.Error(t, err)

	waiting := startWithoutDatabase(t, s)
	until(t, soon, "an app that starts to try again and again", func() bool {
		return strings.Count(waiting.said(), "the database is not ready yet, trying again") >= 3
	})
	require.NotContains(t, waiting.said(), `"serving"`)

	require.NoError(t, s.StartPart(t.Context(), "postgres"))
	until(t, soon, "the app that waited to serve", func() bool { return strings.Contains(waiting.said(), `"serving"`) })
	require.NoError(t, waiting.Process.Signal(syscall.SIGTERM))
	require.NoError(t, <-waiting.ended, waiting.said())

	for app, url := range urls {
		until(t, soon, app+" to be ready again", func() bool { return send(t, http.MethodGet, url+"/readyz", "").status == http.StatusOK })
		require.NotContains(t, s.Log("tickler"), app+" died")
	}
	require.Equal(t, "kept", p.get(t, kept.ID).Title)
	p.call(t, "complete_task", fields{"task_id": kept.ID})
	s.successor(t, p, kept.ID)
	s.scanned(t, p)
}

// startWithoutDatabase starts one more api, beside that of the stack.
func startWithoutDatabase(t *testing.T, s *system) *program {
	t.Helper()
	free, err := port.NewPicker().Pick(0)
	require.NoError(t, err)
	return launch(t, "api", []string{
		"DATABASE_URL=" + s.DatabaseURL(), "TICKLER_LISTEN=" + port.Address(free),
	})
}

func TestDatabaseThatFailsWithinACallIsUnavailable(t *testing.T) {
	t.Parallel()
	s := start(t, nil)
	p := s.person(t, "")
	held := p.add(t, fields{"title": "held"})
	// The token is checked, then the call waits for a row that somebody holds;
	// then Postgres goes down under it.
	release := s.hold(t, held.ID)
	answers := make(chan answer, 1)
	go func() {
		a, err := p.try(t.Context(), "complete_task", fields{"task_id": held.ID})
		if err == nil {
			answers <- a
		}
		close(answers)
	}()
	s.untilWaiting(t)
	// The call's own connection goes first: were they all to go at once, the row
	// could be let go a moment before, and the call succeed.
	waiting := s.blocked(t, lockOfTask)
	require.Len(t, waiting, 1)
	for _, pid := range waiting {
		require.True(t, query[bool](t, s, `SELECT pg_terminate_backend($1)`, pid))
	}
	require.NoError(t, s.StopPart("postgres"))
	release()
	a, ok := <-answers
	require.True(t, ok, "an answer of the tool, not an error of the protocol")
	require.NotNil(t, a.Error)
	require.Equal(t, "UNAVAILABLE", a.Error.Code)
	require.NoError(t, s.StartPart(t.Context(), "postgres"))
	until(t, soon, "the api to be ready again", func() bool { return send(t, http.MethodGet, s.APIURL()+"/readyz", "").status == http.StatusOK })
	require.False(t, p.get(t, held.ID).Completed, "nothing was changed")
}
