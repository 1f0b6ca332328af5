package stack_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tickler/dev/port"
	"tickler/dev/stack"
)

// command is `tickler-dev run`, as make runs it.
type command struct {
	*exec.Cmd
	home   string
	output *output
	ended  chan error
}

// output is read while the command writes it.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
	left bool
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.left {
		return 0, io.ErrClosedPipe
	}
	return o.text.Write(p)
}

// leave stops reading, as a pager that is left.
func (o *output) leave() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.left = true
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// runCommand runs tickler-dev in a repository on free ports, until its banner.
func runCommand(t *testing.T) command {
	t.Helper()
	root := repository(t)
	require.NoError(t, os.Mkdir(filepath.Join(root, "bin"), 0o755))
	require.NoError(t, os.Symlink(tools.dev, filepath.Join(root, "bin", "tickler-dev")))
	dev, err := filepath.Abs("..")
	require.NoError(t, err)
	require.NoError(t, os.Symlink(dev, filepath.Join(root, "dev")))

	c := command{home: filepath.Join(root, ".tickler"), output: new(output), ended: make(chan error, 1)}
	c.Cmd = exec.Command(tools.dev, "run")
	c.Dir = root
	c.Env = append(os.Environ(), "DATABASE_URL=")
	picker := port.NewPicker()
	for _, variable := range []string{stack.APIPortVariable, stack.PostgresPortVariable, stack.BrokerPortVariable} {
		free, err := picker.Pick(0)
		require.NoError(t, err)
		c.Env = append(c.Env, variable+"="+strconv.Itoa(free))
	}
	c.Stdout, c.Stderr = io.MultiWriter(c.output, t.Output()), c.output
	require.NoError(t, c.Start())
	go func() { c.ended <- c.Wait() }()
	t.Cleanup(func() {
		_ = c.Process.Kill()
		// Parts may need a moment to be gone, and hold no lock on the home.
		assert.Eventually(t, func() bool { return stack.Clean(c.home) == nil }, soon, 50*time.Millisecond)
	})
	require.Eventually(t, func() bool {
		return strings.Contains(c.output.String(), "^C stops everything")
	}, time.Minute, 50*time.Millisecond)
	return c
}

// end waits until the command has ended.
func (c command) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-c.ended:
		return err
	case <-time.After(30 * time.Second):
		t.Fatal("it does not end")
		return nil
	}
}

// pid of a part, as the home tells it; 0 while it does not run.
func (c command) pid(part string) int {
	text, _ := os.ReadFile(filepath.Join(c.home, "run", part+".pid"))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}

// pids of all parts.
func (c command) pids(t *testing.T) map[string]int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(c.home, "run", "*.pid"))
	require.NoError(t, err)
	pids := map[string]int{}
	for _, file := range files {
		part := strings.TrimSuffix(filepath.Base(file), ".pid")
		pids[part] = c.pid(part)
		require.NotZero(t, pids[part], part)
	}
	require.Len(t, pids, 6)
	return pids
}

func TestInterruptDrainsAndLeavesNoProcess(t *testing.T) {
	c := runCommand(t)
	token, err := os.ReadFile(filepath.Join(c.home, "token"))
	require.NoError(t, err)
	require.Contains(t, c.output.String(), "Authorization: Bearer "+strings.TrimSpace(string(token)))
	require.Regexp(t, `http://localhost:\d+/sign-in/link/\w+`, c.output.String(), "the page is a click away")
	pids := c.pids(t)

	require.NoError(t, c.Process.Signal(syscall.SIGINT))
	require.NoError(t, c.end(t), c.output)
	for name, pid := range pids {
		require.False(t, runs(pid), name)
	}
	require.Contains(t, c.output.String(), "drained", "apps are asked to end")
	log, err := os.ReadFile(filepath.Join(c.home, "log", "postgres.log"))
	require.NoError(t, err)
	require.Contains(t, string(log), "database system is shut down")
	_, after, _ := strings.Cut(c.output.String(), "Stopping: ")
	require.NotRegexp(t, `(?m)^postgres +\|`, after, "a stop that was asked for is nothing to read")
}

func TestOutputThatNobodyReadsEndsTheStackAndABrokenConnectionDoesNot(t *testing.T) {
	c := runCommand(t)
	pids := c.pids(t)
	require.NoError(t, c.Process.Signal(syscall.SIGPIPE), "which a broken connection brings")
	before := pids["worker"]
	require.NotZero(t, before)
	require.NoError(t, syscall.Kill(before, syscall.SIGKILL))
	require.Eventually(t, func() bool {
		pids["worker"] = c.pid("worker")
		return pids["worker"] != 0 && pids["worker"] != before
	}, soon, 20*time.Millisecond, "it goes on")

	c.output.leave()
	require.NoError(t, syscall.Kill(pids["worker"], syscall.SIGKILL), "so that there is something to print")
	require.ErrorIs(t, c.end(t), io.ErrClosedPipe, "the pipe's error, and none of the command")
	for name, pid := range pids {
		require.False(t, runs(pid), name)
	}
}

func TestNoProcessOutlivesASupervisorThatIsKilled(t *testing.T) {
	c := runCommand(t)
	pids := c.pids(t)
	require.NoError(t, c.Process.Kill())
	for name, pid := range pids {
		require.Eventually(t, func() bool { return !runs(pid) }, soon, 20*time.Millisecond, name)
	}
}

func TestCleanRefusesWhileAStackRuns(t *testing.T) {
	c := runCommand(t)
	clean := exec.Command(tools.dev, "clean", "--yes")
	clean.Dir = c.Dir
	output, err := clean.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(output), "a stack is running there")
	require.FileExists(t, filepath.Join(c.home, "env"))
}
