//go:build !linux

package pages

import (
	"errors"
	"os/exec"
)

// Isolate does nothing: only Linux gives a process a network of its own.
func Isolate(*exec.Cmd) {}

// Enter fails where Isolate does nothing.
func Enter(string, string, string) error {
	return errors.New("each page runs in a network of its own, which needs Linux")
}
