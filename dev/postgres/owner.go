package postgres

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// Owner is the user that Postgres runs as: it refuses to run as root. A zero
// UID is the user who runs the supervisor.
type Owner struct{ UID, GID uint32 }

// Unprivileged returns the caller, or for root a user without rights.
func Unprivileged() (Owner, error) {
	if os.Geteuid() != 0 {
		return Owner{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
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
	return Owner{}, errors.New("there is no user postgres or nobody to run Postgres as, which refuses " +
		"to run as root: run the stack as another user, or set DATABASE_URL")
}

// DataDir says where a cluster of the home goes: into the home, unless Postgres
// runs as another user who cannot get there (a clone under /root), and then
// into a folder of that user's own, named after the home.
func (o Owner) DataDir(home string) string {
	inside := filepath.Join(home, "postgres")
	if o.UID == 0 || o.reaches(home) {
		return inside
	}
	sum := sha256.Sum256([]byte(home))
	return filepath.Join(shared(), "tickler-"+hex.EncodeToString(sum[:6]), "postgres")
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

func (o Owner) own(path string) error {
	if o.UID == 0 {
		return nil
	}
	return os.Chown(path, int(o.UID), int(o.GID))
}

// mkdir makes the data folder; what is above it belongs to the caller.
func (o Owner) mkdir(data string) error {
	if err := os.MkdirAll(filepath.Dir(data), 0o711); err != nil {
		return err
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	if err := o.own(data); err != nil {
		return fmt.Errorf("giving the data folder to the user that Postgres runs as: %w", err)
	}
	return nil
}
