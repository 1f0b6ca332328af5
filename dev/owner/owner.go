// Package owner picks the user that a server of the local stack runs as, and
// the folders that this user can reach.
package owner

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Owner is the user that a server runs as: none should as root, and Postgres
// refuses to. A zero UID is the user who runs the supervisor.
type Owner struct{ UID, GID uint32 }

// Unprivileged returns the caller, or for root the first of some users that
// exists, or nobody.
func Unprivileged(names ...string) (Owner, error) {
	if os.Geteuid() != 0 {
		return Owner{}, nil
	}
	names = append(names, "nobody")
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
		gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
		if errUID == nil && errGID == nil && uid != 0 {
			return Owner{UID: uint32(uid), GID: uint32(gid)}, nil
		}
	}
	return Owner{}, fmt.Errorf("there is no user %s to run a server as, and root must not: "+
		"run the stack as another user", strings.Join(names, " or "))
}

// DataDir says where the data of a server of the home goes: into the home,
// unless the owner is another user who cannot get there (a clone under /root),
// and then into a folder of that user's own, named after the home.
func (o Owner) DataDir(home, server string) string {
	if o.UID == 0 || o.reaches(home) {
		return filepath.Join(home, server)
	}
	sum := sha256.Sum256([]byte(home))
	return filepath.Join(shared(), "tickler-"+hex.EncodeToString(sum[:6]), server)
}

// CacheDir is where fetched binaries go, so that the owner can run them.
func (o Owner) CacheDir() string {
	if cache, err := os.UserCacheDir(); err == nil && o.UID == 0 {
		return filepath.Join(cache, "tickler")
	}
	return filepath.Join(shared(), "tickler-postgres")
}

// shared is a folder that every user can reach and that outlives a reboot.
func shared() string {
	const varTmp = "/var/tmp"
	if info, err := os.Stat(varTmp); err == nil && info.IsDir() {
		return varTmp
	}
	return os.TempDir()
}

// reaches tells whether the owner may pass through every folder up to path.
func (o Owner) reaches(path string) bool {
	for dir := path; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return false
		}
		pass := info.Mode().Perm()&0o001 != 0
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			switch {
			case stat.Uid == o.UID:
				pass = info.Mode().Perm()&0o100 != 0
			case stat.Gid == o.GID:
				pass = info.Mode().Perm()&0o010 != 0
			}
		}
		if !pass {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

// Own gives a file or folder to the owner.
func (o Owner) Own(path string) error {
	if o.UID == 0 {
		return nil
	}
	return os.Chown(path, int(o.UID), int(o.GID))
}

// MakeDir makes a data folder, which only the owner may enter; what is above it
// belongs to the caller.
func (o Owner) MakeDir(data string) error {
	if err := os.MkdirAll(filepath.Dir(data), 0o711); err != nil {
		return err
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	if err := o.Own(data); err != nil {
		return fmt.Errorf("giving a data folder to the user that its server runs as: %w", err)
	}
	return nil
}
