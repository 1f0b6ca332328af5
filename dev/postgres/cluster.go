package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"

	"tickler/dev/owner"
	"tickler/dev/port"
)

// Database that the stack uses in its cluster.
const Database = "tickler"

// Cluster is a Postgres data folder and how to serve it.
type Cluster struct {
	Binaries Binaries
	Data     string
	Port     int
	Username string
	Password string
	Owner    owner.Owner
	// Fleeting data need not outlive a crash of the machine: nothing waits for the disk.
	Fleeting bool
}

// Init makes the cluster in the data folder, unless there is one. Text sorts
// and folds as UTF-8, in the first of some locales that the system has.
func (c *Cluster) Init(ctx context.Context) error {
	if DataVersion(c.Data) != 0 {
		return nil
	}
	if err := c.Owner.MakeDir(c.Data); err != nil {
		return err
	}
	password, err := os.CreateTemp("", "tickler-pw-")
	if err != nil {
		return err
	}
	defer os.Remove(password.Name())
	_, err = password.WriteString(c.Password + "\n")
	if err := errors.Join(err, password.Close(), c.Owner.Own(password.Name())); err != nil {
		return err
	}
	var output []byte
	for _, locale := range []string{"C.UTF-8", "en_US.UTF-8", "C"} {
		initdb := exec.CommandContext(ctx, filepath.Join(c.Binaries.Dir, "initdb"),
			"--pgdata", c.Data, "--username", c.Username, "--pwfile", password.Name(),
			"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", locale)
		initdb.Dir, initdb.Env = "/", Environment()
		if c.Owner.UID != 0 {
			initdb.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: c.Owner.UID, Gid: c.Owner.GID}}
		}
		// On failure initdb empties the folder again.
		if output, err = initdb.CombinedOutput(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("initdb: %w\n%s", err, strings.TrimSpace(string(output)))
}

// Command serves the cluster on the loopback interface.
func (c *Cluster) Command() []string {
	command := []string{
		filepath.Join(c.Binaries.Dir, "postgres"), "-D", c.Data,
		"-c", "listen_addresses=" + port.Host,
		"-c", "port=" + strconv.Itoa(c.Port),
		"-c", "unix_socket_directories=",
		"-c", "log_line_prefix=%p ", "-c", "log_checkpoints=off",
	}
	if c.Fleeting {
		command = append(command, "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=400")
	}
	return command
}

// Environment for Postgres programs: little, for PGDATA, PGPORT and their like
// in the caller's would change what they do.
func Environment() []string { return []string{"PATH=" + os.Getenv("PATH")} }

// URL to connect to the stack's database.
func (c *Cluster) URL() string { return c.url(Database) }

func (c *Cluster) url(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(c.Username, c.Password),
		Host: port.Address(c.Port), Path: "/" + database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// Ready returns nil when the server takes connections.
func (c *Cluster) Ready(ctx context.Context) error { return Ping(ctx, c.url("postgres")) }

// Ping connects to the database at url once.
func Ping(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// EnsureDatabase makes the stack's database in a cluster that is ready.
func (c *Cluster) EnsureDatabase(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.url("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var there bool
	const exists = `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`
	if err := conn.QueryRow(ctx, exists, Database).Scan(&there); err != nil || there {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{Database}.Sanitize())
	return err
}
