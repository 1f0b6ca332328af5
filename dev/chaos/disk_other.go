//go:build !linux

package chaos

import (
	"errors"
	"syscall"
)

// disk is filled up on Linux only.
type disk struct{}

func mountDisk(string, int64, int, int) (*disk, error) {
	return nil, errors.New("a disk can be mounted and filled on Linux only")
}

func (*disk) fill() error    { return nil }
func (*disk) free() error    { return nil }
func (*disk) unmount() error { return nil }

// Alone changes nothing here.
func Alone() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }
