package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tickler/dev/broker"
	"tickler/dev/port"
	"tickler/dev/runfile"
	"tickler/dev/stack"
	"tickler/internal/event"
)

// cliRun is `dapr run -f .` in a folder that looks like the repository, on ports of
// its own.
type cliRun struct {
	dapr, root string
	ports      []int
	env        []string
	process    *exec.Cmd
	output     *bytes.Buffer // read after ended only
	ended      chan error
}

// runsUnderTheCLI starts what `make infra` starts, and the apps with the dapr CLI.
func runsUnderTheCLI(t *testing.T) (*system, *cliRun) {
	t.Helper()
	dapr, err := exec.LookPath("dapr")
	if err != nil {
		t.Skip("the dapr CLI is not installed (no dapr on PATH), so `dapr run -f .` is not tried")
	}
	r := &cliRun{dapr: dapr, root: t.TempDir(), output: &bytes.Buffer{}, ended: make(chan error, 1)}
	require.NoError(t, os.Chmod(filepath.Dir(r.root), 0o755)) // Postgres may run as another user
	for _, name := range []string{"bin", "components", "dev"} {
		require.NoError(t, os.Symlink(filepath.Join(staged.root, name), filepath.Join(r.root, name)))
	}
	text, err := os.ReadFile(filepath.Join(staged.root, runfile.Name))
	require.NoError(t, err)
	picker := port.NewPicker()
	// Every port of the template, and of the addresses in it.
	template := regexp.MustCompile(`(Port: |127\.0\.0\.1:)\d+`).ReplaceAllStringFunc(string(text), func(found string) string {
		free, err := picker.Pick(0)
		require.NoError(t, err)
		r.ports = append(r.ports, free)
		return found[:strings.LastIndexAny(found, " :")+1] + strconv.Itoa(free)
	})
	require.Greater(t, len(r.ports), 10, "ports in %s", runfile.Name)
	require.NoError(t, os.WriteFile(filepath.Join(r.root, runfile.Name), []byte(template), 0o644))
	// Where `dapr init --slim` would have put it.
	require.NoError(t, os.MkdirAll(filepath.Join(r.root, ".dapr", "bin"), 0o755))
	require.NoError(t, os.Symlink(staged.daprd, filepath.Join(r.root, ".dapr", "bin", "daprd")))

	s := start(t, func(c *stack.Config) { c.Root, c.Broker, c.InfraOnly = r.root, broker.Redpanda, true })
	r.env = append(os.Environ(), "HOME="+r.root, "DAPR_RUNTIME_PATH="+r.root)
	for name, value := range s.Env() {
		r.env = append(r.env, name+"="+value)
	}
	r.process = r.command("run", "-f", ".")
	r.process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as a shell does: ^C reaches the group
	var both sync.Mutex
	r.process.Stdout, r.process.Stderr = &lockedWriter{&both, r.output}, &lockedWriter{&both, r.output}
	require.NoError(t, r.process.Start())
	go func() { r.ended <- r.process.Wait() }()
	t.Cleanup(func() {
		_ = syscall.Kill(-r.process.Process.Pid, syscall.SIGKILL)
		for _, pid := range r.left(t) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	until(t, later, "api serves", func() bool {
		select {
		case err := <-r.ended:
			require.NoError(t, err, "%s", r.output)
			require.Fail(t, "dapr run ended", "%s", r.output)
		default:
		}
		return port.Check(s.port(t)) != nil
	})
	return s, r
}

type lockedWriter struct {
	mu *sync.Mutex
	to *bytes.Buffer
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}

// port is that of api.
func (s *system) port(t *testing.T) int {
	t.Helper()
	number, err := strconv.Atoi(s.APIURL()[len("http://127.0.0.1:"):])
	require.NoError(t, err)
	return number
}

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
		require.Fail(t, "dapr run goes on", "%s", r.left(t))
	}
	until(t, later, "no process is left", func() bool { return len(r.left(t)) == 0 })
	for _, number := range r.ports {
		assert.NoError(t, port.Check(number))
	}
}

func TestDaprRunStartsTheAppsAndDaprStopEndsThem(t *testing.T) {
	t.Parallel()
	s, r := runsUnderTheCLI(t)
	p := s.person(t, "")
	task := p.add(t, fields{"title": "under dapr run", "recurrence_rule": "daily", "due_date": time.Now().Add(-day + 2*time.Second).UTC().Format(time.RFC3339), "reminder_offsets": []int{0}})
	p.call(t, "complete_task", fields{"task_id": task.ID})
	next := s.successor(t, p, task.ID)
	s.observer.wait(t, 1, event.TopicTaskReminders, event.ReminderSent, next.ID)
	require.GreaterOrEqual(t, len(r.left(t)), 7, "the CLI, three apps and three sidecars")

	stopped, err := r.command("stop", "-f", ".").CombinedOutput()
	require.NoError(t, err, "%s", stopped)
	r.leavesNothing(t)
}

func TestInterruptedDaprRunLeavesNothing(t *testing.T) {
	t.Parallel()
	_, r := runsUnderTheCLI(t)
	until(t, later, "all of them run", func() bool { return len(r.left(t)) >= 7 })
	require.NoError(t, syscall.Kill(-r.process.Process.Pid, syscall.SIGINT))
	r.leavesNothing(t)
}
