// Package sidecar finds the daprd that the local stack runs beside each app, or
// builds it once from its Go module, with what else of Dapr a test needs.
package sidecar

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"

	"tickler/dev/cache"
)

// oldest version of an installed daprd that is used.
const oldest = "v1.18.2"

const module = "github.com/dapr/dapr"

// A Program is built from the module in dev/daprd.
type Program string

// The programs. Daprd has the components that are used here, and no others. The
// two parts of the control plane are for workflows, which none of the apps has.
const (
	Daprd     Program = "daprd"
	Placement Program = "placement"
	Scheduler Program = "scheduler"
)

func (p Program) pkg() string {
	if p == Daprd {
		return "."
	}
	return module + "/cmd/" + string(p)
}

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

// Build returns a program of the module in folder (that of dev/daprd), built into
// the user's cache if it is not there yet. The first build takes minutes, which say
// announces. Several processes may ask at once: one builds.
func Build(ctx context.Context, folder string, program Program, say func(string, ...any)) (string, error) {
	version, err := Version(folder)
	if err != nil {
		return "", err
	}
	source, err := fingerprint(folder)
	if err != nil {
		return "", err
	}
	return cache.Once(filepath.Join("dapr-"+version+"-"+source, string(program)), func(half string) error {
		say("building %s %s from its Go module: some minutes on two cores, this once", program, version)
		build := exec.CommandContext(ctx, "go", "build", "-v", "-trimpath",
			"-ldflags", "-s -w -X "+module+"/pkg/buildinfo.version="+version, "-o", half, program.pkg())
		build.Dir = folder
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
		said := follow(build, say)
		if err := build.Run(); err != nil {
			return fmt.Errorf("building %s %s: %w\n%s", program, version, err, said.errors())
		}
		say("%s %s is built and kept in %s", program, version, filepath.Dir(half))
		return nil
	})
}

// fingerprint changes with whatever a program is built from: one version of Dapr can
// be built with several of its components.
func fingerprint(folder string) (string, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.*"))
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", filepath.Base(file), len(text), text)
	}
	return hex.EncodeToString(sum.Sum(nil)[:4]), nil
}

// Version of Dapr, without its v, that the module in folder requires.
func Version(folder string) (string, error) {
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
