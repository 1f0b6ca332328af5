package postgres

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	embedded "github.com/fergusstrange/embedded-postgres"
)

// fetched is the version that is fetched when none is installed.
const fetched = embedded.V17

// Fetch gets Postgres binaries into folder, once, and returns them. The library
// that knows where they are can only start a whole server: it is let start one
// on throwaway data and port, and stopped. As root it fails at that, after the
// binaries are in place, and they are all that is wanted.
func Fetch(ctx context.Context, folder string, port int) (Binaries, error) {
	target := filepath.Join(folder, "postgres-"+string(fetched))
	if b, err := inspect(ctx, filepath.Join(target, "bin")); err == nil {
		return b, nil
	}
	scratch, err := os.MkdirTemp("", "tickler-postgres-")
	if err != nil {
		return Binaries{}, err
	}
	defer os.RemoveAll(scratch)
	var output bytes.Buffer
	server := embedded.NewDatabase(embedded.DefaultConfig().Version(fetched).
		Port(uint32(port)).CachePath(folder).BinariesPath(target).
		RuntimePath(filepath.Join(scratch, "run")).DataPath(filepath.Join(scratch, "data")).
		Logger(&output))
	started := server.Start()
	if started == nil {
		if err := server.Stop(); err != nil {
			return Binaries{}, err
		}
	}
	b, err := inspect(ctx, filepath.Join(target, "bin"))
	if err != nil {
		return Binaries{}, fmt.Errorf("fetching Postgres %s: %w (%s)\n%s"+
			"install Postgres from your distribution, or set DATABASE_URL to one that runs",
			fetched, err, started, output.String())
	}
	// The library unpacks for its own user only.
	return b, os.Chmod(target, 0o755)
}
