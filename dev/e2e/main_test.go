package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/dev/sidecar"
	"tickler/dev/stack"
)

// staged is a folder that looks like the repository to a stack, with binaries of
// its own, so that building the repository meanwhile does not change what the tests
// run.
var staged struct{ root, daprd string }

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	if staged.root, err = os.MkdirTemp("", "tickler-e2e-"); err != nil {
		return 0, err
	}
	defer os.RemoveAll(staged.root)
	// Postgres may run as another user, who must get to its sockets and data.
	if err := os.Chmod(staged.root, 0o755); err != nil {
		return 0, err
	}
	if err := stage(context.Background()); err != nil {
		return 0, err
	}
	// Tests that run in parallel mostly wait for the system.
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		return 0, err
	}
	code = m.Run()
	if common.system != nil {
		err = errors.Join(common.observer.check(), common.stop())
	}
	return code, err
}

func stage(ctx context.Context) error {
	repository, err := stack.FindRoot()
	if err != nil {
		return err
	}
	bin := filepath.Join(staged.root, "bin") + string(filepath.Separator)
	for dir, packages := range map[string][]string{
		repository:                       {"./api", "./notifier", "./recurrer"},
		filepath.Join(repository, "dev"): {"./cmd/tickler-dev"},
	} {
		build := exec.CommandContext(ctx, "go", append([]string{"build", "-o", bin}, packages...)...)
		build.Dir = dir
		if output, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("go build %v: %w\n%s", packages, err, output)
		}
	}
	for _, name := range []string{"dapr.yaml", "components", "dev"} {
		if err := os.Symlink(filepath.Join(repository, name), filepath.Join(staged.root, name)); err != nil {
			return err
		}
	}
	say := func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
	staged.daprd, err = sidecar.Build(ctx, filepath.Join(repository, "dev", "daprd"), sidecar.Daprd, say)
	return err
}

// common is shared by tests that do not disturb each other: each works with users
// of its own.
var common struct {
	*system
	start sync.Once
	err   error
}

// shared returns the common system, which the first caller starts.
func shared(t testing.TB) *system {
	t.Helper()
	common.start.Do(func() {
		common.system, common.err = newSystem(context.Background(), filepath.Join(staged.root, "shared"), nil)
	})
	require.NoError(t, common.err)
	return common.system
}
