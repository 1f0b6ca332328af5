// Package cache keeps what is fetched or built once in the user's cache.
package cache

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Once returns the path of a file or folder in the user's cache, which fill makes if it
// is not there: at half, from where it is renamed into place, so that nobody sees it
// unfinished. Several processes may ask at the same time: one fills, the others wait.
func Once(name string, fill func(half string) error) (string, error) {
	folder, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("where to keep %s: %w", name, err)
	}
	target := filepath.Join(folder, "tickler", name)
	if there(target) {
		return target, nil
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return "", err
	}
	lock, err := os.Create(target + ".lock")
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	if there(target) {
		return target, nil
	}
	half := target + ".new"
	if err := fill(half); err != nil {
		return "", err
	}
	return target, os.Rename(half, target)
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
