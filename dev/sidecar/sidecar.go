// Package sidecar finds the daprd that the local stack runs beside each app, or
// builds it once from its Go module.
package sidecar

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// oldest version of an installed daprd that is used.
const oldest = "v1.18.0"

const (
	module  = "github.com/dapr/dapr"
	command = module + "/cmd/daprd"
)

// Components are those that daprd is built with.
type Components string

const (
	// Stable leaves out the components that are not stable in Dapr: a smaller
	// binary, built in half the time, with all that the stack uses.
	Stable Components = "stablecomponents"
	// All has bindings.smtp too, as Dapr's own images have.
	All Components = "allcomponents"
)

// Installed returns the daprd in the folder where the dapr CLI keeps it, when
// it is new enough, else "". runtimePath is the run template's, as in the CLI
// before DAPR_RUNTIME_PATH and the home directory.
func Installed(ctx context.Context, runtimePath string) string {
	if runtimePath == "" {
		runtimePath = os.Getenv("DAPR_RUNTIME_PATH")
	}
	if runtimePath == "" {
		runtimePath, _ = os.UserHomeDir()
	}
	path := filepath.Join(runtimePath, ".dapr", "bin", "daprd")
	version, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil || semver.Compare("v"+strings.TrimSpace(string(version)), oldest) < 0 {
		return ""
	}
	return path
}

// Build returns the daprd of the module in folder (that of dev/daprd), built
// into the user's cache if it is not there yet. The first build takes minutes,
// which say announces. Several processes may ask at once: one builds.
func Build(ctx context.Context, folder string, components Components, say func(string, ...any)) (string, error) {
	version, err := pinned(folder)
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("where to keep daprd: %w", err)
	}
	dir := filepath.Join(cache, "tickler", "daprd-"+version+"-"+string(components))
	target := filepath.Join(dir, "daprd")
	if isThere(target) {
		return target, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	lock, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	if isThere(target) {
		return target, nil
	}
	say("building daprd %s with %s from its Go module: five to ten minutes on two cores, this once", version, components)
	half := target + ".new"
	build := exec.CommandContext(ctx, "go", "build", "-tags", string(components), "-trimpath",
		"-ldflags", "-s -w -X "+module+"/pkg/buildinfo.version="+version, "-o", half, command)
	build.Dir = folder
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building daprd %s: %w\n%s", version, err, output)
	}
	say("daprd %s is built and kept in %s", version, dir)
	return target, os.Rename(half, target)
}

// pinned is the version of Dapr that the module requires, without its v.
func pinned(folder string) (string, error) {
	path := filepath.Join(folder, "go.mod")
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	file, err := modfile.ParseLax(path, text, nil)
	if err != nil {
		return "", err
	}
	for _, require := range file.Require {
		if require.Mod.Path == module {
			return strings.TrimPrefix(require.Mod.Version, "v"), nil
		}
	}
	return "", errors.New(path + " does not require " + module)
}

func isThere(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
