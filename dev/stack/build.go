package stack

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"tickler/dev/sidecar"
)

// Build builds what a stack of the repository at root runs: the apps and the dev
// tool into its bin folder, and daprd. It is for tests, which would otherwise run
// outdated binaries; make builds the same.
func Build(ctx context.Context, root string) error {
	bin := filepath.Join(root, "bin") + string(filepath.Separator)
	for dir, packages := range map[string][]string{
		root:                       {"./api", "./notifier", "./recurrer"},
		filepath.Join(root, "dev"): {"./cmd/tickler-dev"},
	} {
		build := exec.CommandContext(ctx, "go", append([]string{"build", "-o", bin}, packages...)...)
		build.Dir = dir
		if output, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("go build %v: %w\n%s", packages, err, output)
		}
	}
	if sidecar.Installed(ctx, "") != "" {
		return nil
	}
	_, err := sidecar.Build(ctx, filepath.Join(root, "dev", "daprd"), sidecar.Daprd, func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, format+"\n", args...)
	})
	return err
}
