package e2e

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tickler/dev/broker"
	"tickler/dev/port"
	"tickler/dev/runfile"
	"tickler/dev/stack"
	"tickler/dev/traces"
	"tickler/internal/event"
)

// cliRun is `dapr run -f .` in a folder that looks like the repository, on ports of
// its own.
type cliRun struct {
	dapr, root string
	ports      []int
	env        []string
	process    *exec.Cmd
	ended      chan error
}

// runsUnderTheCLI starts what `make infra` starts, and the apps with the dapr CLI, in
// the environment of that but for some variables.
func runsUnderTheCLI(t *testing.T, without ...string) (*system, *cliRun) {
	t.Helper()
	dapr, err := exec.LookPath("dapr")
	if err != nil {
		t.Skip("the dapr CLI is not installed (no dapr on PATH), so `dapr run -f .` is not tried")
	}
	r := &cliRun{dapr: dapr, root: t.TempDir(), ended: make(chan error, 1)}
	require.NoError(t, os.Chmod(filepath.Dir(r.root), 0o755)) // Postgres may run as another user
	for _, name := range []string{"bin", "components", "dev"} {
		require.NoError(t, os.Symlink(filepath.Join(staged.root, name), filepath.Join(r.root, name)))
	}
	text, err := os.ReadFile(filepath.Join(staged.root, runfile.Name))
	require.NoError(t, err)
	// Every port of the template, and of the addresses in it.
	template := regexp.MustCompile(`(Port: |127\.0\.0\.1:)\d+`).ReplaceAllStringFunc(string(text), func(found string) string {
		free := freePort(t)
		r.ports = append(r.ports, free)
		return found[:strings.LastIndexAny(found, " :")+1] + strconv.Itoa(free)
	})
	require.Greater(t, len(r.ports), 10, "ports in %s", runfile.Name)
	require.NoError(t, os.WriteFile(filepath.Join(r.root, runfile.Name), []byte(template), 0o644))
	// Where `dapr init --slim` would have put it.
	require.NoError(t, os.MkdirAll(filepath.Join(r.root, ".dapr", "bin"), 0o755))
	require.NoError(t, os.Symlink(staged.daprd, filepath.Join(r.root, ".dapr", "bin", "daprd")))

	s := start(t, func(c *stack.Config) { c.Root, c.Broker, c.InfraOnly, c.Traces = r.root, broker.Redpanda, true, true })
	r.env = append(os.Environ(), "HOME="+r.root, "DAPR_RUNTIME_PATH="+r.root)
	for name, value := range s.Env() {
		if !slices.Contains(without, name) {
			r.env = append(r.env, name+"="+value)
		}
	}
	t.Cleanup(func() {
		for _, pid := range r.left(t) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	r.start(t)
	return s, r
}

// start starts `dapr run -f .`, and waits until it has started all apps.
func (r *cliRun) start(t *testing.T) {
	t.Helper()
	r.process = r.command("run", "-f", ".")
	r.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as a shell does: ^C reaches the group
	log, err := os.Create(r.log())                              // no pipe, which would outlive the CLI with what it leaves
	require.NoError(t, err)
	r.process.Stdout, r.process.Stderr = log, log
	require.NoError(t, r.process.Start())
	require.NoError(t, log.Close())
	go func() { r.ended <- r.process.Wait() }()
	// The CLI hangs when it is stopped while it starts something.
	until(t, later, "the CLI has started all apps", func() bool {
		said, err := os.ReadFile(r.log())
		require.NoError(t, err)
		select {
		case err := <-r.ended:
			require.Fail(t, "dapr run ended", "%v\n%s", err, said)
		default:
		}
		return bytes.Count(said, []byte("Writing log files to directory")) == 3
	})
}

// log is what the CLI prints.
func (r *cliRun) log() string { return filepath.Join(r.root, "dapr.log") }

func (r *cliRun) command(args ...string) *exec.Cmd {
	c := exec.Command(r.dapr, args...)
	c.Dir, c.Env = r.root, r.env
	return c
}

// left are the processes that run in the folder: the CLI, its apps and sidecars.
func (r *cliRun) left(t *testing.T) (pids []int) {
	t.Helper()
	root, err := filepath.EvalSymlinks(r.root)
	require.NoError(t, err)
	folders, err := filepath.Glob("/proc/[0-9]*/cwd")
	require.NoError(t, err)
	for _, folder := range folders {
		if cwd, err := os.Readlink(folder); err == nil && cwd == root {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
			require.NoError(t, err)
			pids = append(pids, pid)
		}
	}
	return pids
}

// leavesNothing waits for the CLI to end, and for all that it started.
func (r *cliRun) leavesNothing(t *testing.T) {
	t.Helper()
	select {
	case err := <-r.ended:
		var exit *exec.ExitError
		if !errors.As(err, &exit) { // a signal may have ended it
			require.NoError(t, err)
		}
	case <-time.After(later):
		said, _ := os.ReadFile(r.log())
		require.Fail(t, "dapr run goes on", "%v\n%s", r.left(t), said)
	}
	until(t, later, "no process is left", func() bool { return len(r.left(t)) == 0 })
	for _, number := range r.ports {
		assert.NoError(t, port.Check(number))
	}
}

// interrupt is ^C.
func (r *cliRun) interrupt(t *testing.T) {
	t.Helper()
	require.NoError(t, syscall.Kill(-r.process.Process.Pid, syscall.SIGINT))
	r.leavesNothing(t)
}

func TestDaprRunStartsTheAppsAndDaprStopEndsThem(t *testing.T) {
	t.Parallel()
	s, r := runsUnderTheCLI(t, "DAPR_API_TOKEN") // dapr stop sends none, and so would not find them
	p := s.person(t, "")
	task := p.add(t, fields{"title": "under dapr run", "recurrence_rule": "daily", "due_date": time.Now().Add(-day + 2*time.Second).UTC().Format(time.RFC3339), "reminder_offsets": []int{0}})
	p.call(t, "complete_task", fields{"task_id": task.ID})
	next := s.successor(t, p, task.ID)
	s.observer.wait(t, 1, event.TopicTaskReminders, event.ReminderSent, next.ID)
	require.Len(t, r.left(t), 7, "the CLI, three apps and three sidecars")
	until(t, soon, "the trace that the environment asks of all of them", func() bool {
		return slices.ContainsFunc(s.Traces().List(), func(one traces.Trace) bool {
			services := one.Services()
			return slices.Contains(services, "tickler-api") && slices.Contains(services, "recurrer") && slices.Contains(services, "tickler-recurrer")
		})
	})

	stopped, err := r.command("stop", "-f", ".").CombinedOutput()
	require.NoError(t, err, "%s", stopped)
	r.leavesNothing(t)
}

func TestInterruptedDaprRunLeavesNothing(t *testing.T) {
	t.Parallel()
	_, r := runsUnderTheCLI(t)
	require.Len(t, r.left(t), 7, "the CLI, three apps and three sidecars")
	r.interrupt(t)
}

// All that `dapr run` starts is stopped and started while the broker is away.
func TestDaprRunServesWithoutTheBrokerAndEveryEventArrivesLater(t *testing.T) {
	t.Parallel()
	s, r := runsUnderTheCLI(t)
	p := s.person(t, "")
	series := p.add(t, fields{"title": "again", "due_date": in(day), "recurrence_rule": "daily"})
	s.observer.wait(t, 1, event.TopicTaskEvents, event.TaskCreated, series.ID)
	require.NoError(t, s.StopPart("broker"))
	p.call(t, "update_task", fields{"task_id": series.ID, "priority": "high"})
	r.interrupt(t)
	r.start(t)
	url := func(app, path string) string { return s.Env()["TICKLER_"+upper(app)+"_URL"] + path }
	until(t, later, "api is ready", func() bool { return send(t, http.MethodGet, url("api", "/readyz"), "").status == http.StatusOK })
	require.JSONEq(t, `{"postgres":"ok"}`, body(t, url("api", "/readyz")))
	p.call(t, "complete_task", fields{"task_id": series.ID})
	due := p.add(t, fields{"title": "due meanwhile", "due_date": in(minute)})
	until(t, later, "the scan to claim a reminder", func() bool { return p.get(t, due.ID).RemindAt == "" })
	workers := []string{"notifier", "recurrer"}
	for _, worker := range workers {
		require.Equal(t, http.StatusServiceUnavailable, send(t, http.MethodGet, url(worker, "/readyz"), "").status, worker)
	}

	require.NoError(t, s.StartPart(t.Context(), "broker"))
	back := time.Now()
	for _, worker := range workers {
		until(t, soon, worker+" is ready", func() bool { return send(t, http.MethodGet, url(worker, "/readyz"), "").status == http.StatusOK })
		t.Logf("%s was ready %s after the broker was back", worker, time.Since(back).Round(time.Millisecond))
	}
	until(t, later, "all three events of the task", func() bool { return slices.Equal(versions(s, series.ID), []int{1, 2, 3}) })
	s.successor(t, p, series.ID)
	s.observer.wait(t, 1, event.TopicTaskReminders, event.ReminderSent, due.ID)
	last := p.add(t, fields{"title": "last", "due_date": in(minute)})
	s.observer.wait(t, 1, event.TopicTaskReminders, event.ReminderSent, last.ID)
	require.Len(t, s.observer.of(event.TopicTaskReminders, event.ReminderSent, due.ID), 1)
	until(t, soon, "the outbox to be empty", func() bool { return query[int](t, s, `SELECT count(*) FROM outbox`) == 0 })
}
