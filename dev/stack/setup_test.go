package stack_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tickler/dev/process"
	"tickler/dev/sidecar"
	"tickler/dev/stack"
)

// tools are the binaries that all tests share, built once.
var tools struct{ dev, standin, daprd string }

func TestMain(m *testing.M) {
	code, err := withTools(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func withTools(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "tickler-tools-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	tools.dev, tools.standin = filepath.Join(dir, "tickler-dev"), filepath.Join(dir, "standin")
	for binary, pkg := range map[string]string{tools.dev: "tickler/dev/cmd/tickler-dev", tools.standin: "./testdata/standin"} {
		if output, err := exec.Command("go", "build", "-o", binary, pkg).CombinedOutput(); err != nil {
			return 0, fmt.Errorf("building %s: %w\n%s", pkg, err, output)
		}
	}
	say := func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
	if tools.daprd, err = sidecar.Build(context.Background(), filepath.Join("..", "daprd"), sidecar.Daprd, say); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

const template = `version: 1
common:
  resourcesPaths: [./components]
  configFilePath: ./configuration.yaml
apps:
  - appID: api
    appDirPath: .
    command: ["./standin"]
    appPort: 8080
    daprHTTPPort: 3500
    daprGRPCPort: 50001
  - appID: worker
    appDirPath: .
    command: ["./standin"]
    appPort: 8091
    env:
      TICKLER_LISTEN: 127.0.0.1:8081
`

const configuration = `apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata:
  name: test
spec:
  nameResolution:
    component: kubernetes
`

// repository makes a folder that looks like a repository to the stack: two apps
// that are the stand-in.
func repository(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(root, "components"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "dapr.yaml"), []byte(template), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(root, "configuration.yaml"), []byte(configuration), 0o644))
	require.NoError(t, os.Symlink(tools.standin, filepath.Join(root, "standin")))
	return root
}

func config(t *testing.T) stack.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "home")
	t.Cleanup(func() { assert.NoError(t, stack.Clean(path)) })
	return stack.Config{
		Root: repository(t), Home: path,
		Tool: tools.dev, Daprd: tools.daprd, Output: t.Output(),
		Policy: process.Policy{FirstPause: 50 * time.Millisecond, MaxPause: 200 * time.Millisecond, Deaths: 5, Window: time.Minute},
	}
}

// start starts a stack that is stopped at the end of the test.
func start(t *testing.T, c stack.Config) *stack.Stack {
	t.Helper()
	s, err := stack.Start(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	return s
}

// runs tells whether a process runs: one that is dead and waits to be reaped,
// which takes some inits a while, does not.
func runs(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(state), ") Z ")
}
