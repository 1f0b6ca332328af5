package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// signal sends a signal to the process of a part; for Postgres also to its sessions.
func (l *Local) signal(part string, signal syscall.Signal) ([]int, error) {
	pid := l.PID(part)
	if pid == 0 {
		return nil, fmt.Errorf("%s does not run", part)
	}
	pids := []int{pid}
	if part == "postgres" {
		pids = append(pids, children(pid)...)
	}
	for _, one := range pids {
		if err := syscall.Kill(one, signal); err != nil && one == pid {
			return nil, err
		}
	}
	return pids, nil
}

// children are the processes that one has started.
func children(pid int) (all []int) {
	found, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range found {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		// pid (name) state parent …, and the name may have blanks in it
		rest := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(rest) > 1 && rest[1] == strconv.Itoa(pid) {
			child, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			all = append(all, child)
		}
	}
	slices.Sort(all)
	return all
}
