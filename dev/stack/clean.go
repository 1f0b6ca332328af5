package stack

import (
	"fmt"
	"os"
	"path/filepath"

	"tickler/dev/home"
	"tickler/dev/owner"
)

// Clean removes the home at path with all its data, including data that lies
// elsewhere because a server's user cannot reach the home. It refuses while a stack
// runs there, and for a folder that is not a home.
func Clean(path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); os.IsNotExist(err) {
		return nil
	}
	if !home.Is(path) {
		return fmt.Errorf("%s is not the home of a stack: remove it yourself if you mean it", path)
	}
	h, err := home.Open(path)
	if err != nil {
		return err
	}
	defer h.Close()
	if user, err := owner.Unprivileged(postgresName); err == nil {
		if data := user.DataDir(path, postgresName); filepath.Dir(data) != path {
			if err := os.RemoveAll(filepath.Dir(data)); err != nil {
				return err
			}
		}
	}
	return os.RemoveAll(path)
}
