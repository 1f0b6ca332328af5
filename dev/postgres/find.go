// Package postgres runs a Postgres cluster of the local stack from binaries
// that are installed or, when there are none, fetched once.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// oldest major version that is looked for; the stack is tested on 15.
const oldest = 14

// Binaries of one Postgres version.
type Binaries struct {
	Dir   string
	Major int
}

// ErrNotInstalled is returned by Find when no Postgres that fits is installed.
var ErrNotInstalled = errors.New("no Postgres is installed")

// Find returns the newest installed binaries. A data folder that exists already
// can only be opened by the major version that made it, so major, when not 0,
// must be that.
func Find(ctx context.Context, major int) (Binaries, error) {
	var found []Binaries
	for _, dir := range places() {
		if b, err := inspect(ctx, dir); err == nil && b.Major >= oldest && (major == 0 || b.Major == major) {
			found = append(found, b)
		}
	}
	if len(found) == 0 {
		return Binaries{}, ErrNotInstalled
	}
	return slices.MaxFunc(found, func(a, b Binaries) int { return a.Major - b.Major }), nil
}

// places where distributions put postgres and initdb; Debian keeps them off PATH.
func places() []string {
	var dirs []string
	if path, err := exec.LookPath("postgres"); err == nil {
		// Homebrew links it; its siblings are where it really is.
		if path, err = filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(path))
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",            // Debian, Ubuntu, Alpine
		"/usr/pgsql-*/bin",                     // the Postgres project's RPMs
		"/opt/homebrew/opt/postgresql@*/bin",   // macOS on ARM
		"/usr/local/opt/postgresql@*/bin",      // macOS on Intel
		"/nix/var/nix/profiles/default/bin",    // Nix
		"/Applications/Postgres.app/*/*/*/bin", // Postgres.app
	} {
		matches, _ := filepath.Glob(pattern)
		dirs = append(dirs, matches...)
	}
	return dirs
}

var versionPattern = regexp.MustCompile(`\) (\d+)`)

func inspect(ctx context.Context, dir string) (Binaries, error) {
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return Binaries{}, err
	}
	text, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return Binaries{}, err
	}
	match := versionPattern.FindSubmatch(text)
	if match == nil {
		return Binaries{}, fmt.Errorf("%s does not tell its version", dir)
	}
	major, err := strconv.Atoi(string(match[1]))
	return Binaries{Dir: dir, Major: major}, err
}

// DataVersion is the major version that made the data folder, 0 when there is
// no cluster in it yet.
func DataVersion(data string) int {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if err != nil {
		return 0
	}
	major, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return major
}
