package chaos

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// disk is a small file system that can be filled up.
type disk struct{ path string }

// mountDisk puts an empty file system in memory at a folder. Only root can; in a mount
// namespace of its own nothing of it is left, even when this process is killed.
func mountDisk(path string, size int64, uid, gid int) (*disk, error) {
	options := fmt.Sprintf("size=%d,uid=%d,gid=%d,mode=0700", size, uid, gid)
	if err := syscall.Mount("tickler-chaos", path, "tmpfs", 0, options); err != nil {
		return nil, fmt.Errorf("mounting a disk for Postgres: %w", err)
	}
	return &disk{path}, nil
}

// The ballast lies beside what Postgres knows. It does not mind unknown files there.
func (d *disk) ballast() string { return filepath.Join(d.path, "ballast") }

// fill leaves no page, whoever writes meanwhile.
func (d *disk) fill() error {
	f, err := os.OpenFile(d.ballast(), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	at := int64(0)
	for piece := int64(64 << 20); piece >= 4096; {
		switch err := syscall.Fallocate(int(f.Fd()), 0, at, piece); {
		case err == nil:
			at += piece
		case errors.Is(err, syscall.ENOSPC):
			piece /= 2
		case !errors.Is(err, syscall.EINTR):
			return err
		}
	}
	return nil
}

// free gives the room back.
func (d *disk) free() error {
	if err := os.Remove(d.ballast()); !os.IsNotExist(err) {
		return err
	}
	return nil
}

func (d *disk) unmount() error { return syscall.Unmount(d.path, syscall.MNT_DETACH) }

// Alone makes a command run in a mount namespace of its own, and in a process group, so
// that it is told to end once and has time to clear up.
func Alone() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
