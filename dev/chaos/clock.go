package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// Clocks jump in two ways. Postgres asks libc, in whose place libfaketime answers. The
// apps ask the kernel without libc, so they are built against a package time whose Now
// adds what stands in a file: `go build -overlay` puts it in place of the standard one
// for this build alone. Monotonic time, which timers use, stays as it is, as it does
// when an operator sets a clock.

// clockVariable names the file with the seconds by which an app's clock is off.
const clockVariable = "TICKLER_CHAOS_CLOCK"

// Now is also asked where a goroutine has no room for more than reading a number: the
// runtime calls it for timers on its own stack. So the file is read apart.
const jumpSource = `package time

import (
	"sync/atomic"
	"syscall"
)

var jumped atomic.Int64 // in seconds

func init() {
	if path, _ := syscall.Getenv("` + clockVariable + `"); path != "" {
		go followClock(path)
	}
}

func followClock(path string) {
	for ; ; Sleep(100 * Millisecond) {
		fd, err := open(path)
		if err != nil {
			continue
		}
		var text [20]byte
		n, _ := read(fd, text[:])
		closefd(fd)
		by, sign := int64(0), int64(1)
		for _, c := range text[:n] {
			switch {
			case c == '-':
				sign = -1
			case '0' <= c && c <= '9':
				by = 10*by + int64(c-'0')
			}
		}
		jumped.Store(sign * by)
	}
}
`

const (
	nowBefore = "sec, nsec, mono := runtimeNow()\n"
	nowAfter  = "sec, nsec, mono := runtimeNow()\n\tsec += jumped.Load()\n"
)

// jumping returns a command that builds apps whose clocks can jump; what it needs it
// puts into a folder.
func jumping(ctx context.Context, folder string, arguments ...string) (*exec.Cmd, error) {
	printed, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	// Nothing in the module cache may be replaced, and a toolchain that go has fetched
	// lies there. By this name it does not.
	root := filepath.Join(folder, "go")
	if err := os.Symlink(strings.TrimSpace(string(printed)), root); err != nil {
		return nil, err
	}
	replaced, err := overlay(folder, filepath.Join(root, "src", "time"))
	if err != nil {
		return nil, err
	}
	build := exec.CommandContext(ctx, filepath.Join(root, "bin", "go"), append([]string{"build", "-overlay=" + replaced}, arguments...)...)
	build.Env = append(os.Environ(), "GOROOT="+root, "GOTOOLCHAIN=local")
	return build, nil
}

// overlay writes the files of a changed package time into a folder, and the list of
// what they replace, whose path it returns.
func overlay(folder, standard string) (string, error) {
	source, err := os.ReadFile(filepath.Join(standard, "time.go"))
	if err != nil {
		return "", err
	}
	if strings.Count(string(source), nowBefore) != 1 {
		return "", errors.New("package time of this Go asks for the time in another way than is known here: see clock.go")
	}
	replaced := map[string]string{
		filepath.Join(standard, "time.go"): strings.Replace(string(source), nowBefore, nowAfter, 1),
		filepath.Join(standard, "jump.go"): jumpSource,
	}
	files := map[string]string{}
	for path, text := range replaced {
		files[path] = filepath.Join(folder, filepath.Base(path))
		if err := os.WriteFile(files[path], []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	list, err := json.Marshal(map[string]any{"Replace": files})
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "overlay.json")
	return path, os.WriteFile(path, list, 0o644)
}

// clock is a file by which a clock is set.
type clock struct {
	path   string
	suffix string
}

// set makes the clock be off by some seconds. The file is replaced, so that nobody
// reads half of it.
func (c clock) set(seconds int) error {
	text := strconv.Itoa(seconds)
	if seconds >= 0 {
		text = "+" + text
	}
	half := c.path + ".new"
	if err := os.WriteFile(half, []byte(text+c.suffix+"\n"), 0o644); err != nil {
		return err
	}
	return os.Rename(half, c.path)
}

// faketime finds the library that stands between Postgres and libc's clock; "" if it is
// not installed.
func faketime() string {
	for _, pattern := range []string{"/usr/lib/*/faketime/libfaketime.so.1", "/usr/lib*/faketime/libfaketime.so.1"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[0]
		}
	}
	return ""
}
