package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"tickler/dev/broker"
	"tickler/dev/owner"
	"tickler/dev/port"
	"tickler/dev/process"
	"tickler/dev/stack"
)

// apps are those that run twice.
var apps = []string{"api", "notifier", "recurrer"}

// Local is a stack on this machine with two replicas of each app, with proxies between
// the parts that reach each other over a network where they run in earnest: clients and
// api, apps and Postgres, sidecars and broker. An app and its sidecar share a pod.
type Local struct {
	*stack.Stack
	folder, home string
	say          func(string, ...any)
	disk         *disk // nil where it cannot be filled
	clocks       map[string]clock

	mu    sync.Mutex
	links map[string]*link
}

// LocalConfig of a stack on this machine.
type LocalConfig struct {
	// Root is the repository.
	Root string
	// Clocks builds apps whose clocks can jump, which takes some minutes the first time.
	Clocks bool
	// Disk puts the data of Postgres on a small disk of its own, which root alone can.
	Disk bool
	// Output gets a line for whatever is to be known of it.
	Output io.Writer
}

// diskSize is that of the disk of Postgres, in bytes.
const diskSize = 768 << 20

// StartLocal builds and starts a stack. Stop ends it.
func StartLocal(ctx context.Context, c LocalConfig) (l *Local, err error) {
	folder, err := os.MkdirTemp("", "tickler-chaos-")
	if err != nil {
		return nil, err
	}
	l = &Local{folder: folder, home: filepath.Join(folder, "home"), say: sayTo(c.Output), clocks: map[string]clock{}, links: map[string]*link{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Stop())
		}
	}()
	// Postgres runs as another user, who must get to its data.
	if err := os.Chmod(folder, 0o755); err != nil {
		return l, err
	}
	if err := l.build(ctx, c); err != nil {
		return l, err
	}
	if c.Disk {
		if err := l.mount(); err != nil {
			return l, err
		}
	} else {
		l.say("the disk is not filled: only root can give Postgres a small one of its own")
	}
	config := stack.Config{
		Root: folder, Home: l.home, Replicas: map[string]int{}, AppEnv: map[string]map[string]string{},
		Policy: process.Policy{FirstPause: 200 * time.Millisecond, MaxPause: time.Second, Deaths: 1 << 20, Window: time.Minute},
		Detour: l.detour,
	}
	for _, app := range apps {
		config.Replicas[app] = 2
		config.AppEnv[app] = map[string]string{
			"TICKLER_ALLOWED_TARGETS": port.Host + "/32", "TICKLER_DELIVERY_RETRIES": "1s,1s,2s,2s,5s,5s,10s,10s,30s,30s",
			"TICKLER_USER_RATE": "0", "TICKLER_USER_CALLS": "0", "TICKLER_ADDRESS_RATE": "0",
		}
		if c.Clocks {
			config.AppEnv[app][clockVariable] = l.clocks["apps"].path
		}
	}
	if library := faketime(); library != "" {
		l.clocks["Postgres"] = clock{filepath.Join(folder, "clock-postgres"), "s"}
		if err := l.clocks["Postgres"].set(0); err != nil {
			return l, err
		}
		config.PostgresEnv = []string{"LD_PRELOAD=" + library, "FAKETIME_TIMESTAMP_FILE=" + l.clocks["Postgres"].path,
			"FAKETIME_CACHE_DURATION=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1"}
	} else {
		l.say("the clock of Postgres does not jump: libfaketime is not installed")
	}
	l.Stack, err = stack.Start(ctx, config)
	if err != nil {
		return l, err
	}
	return l, l.fit(ctx)
}

// build puts binaries into a folder that looks like the repository to the stack.
func (l *Local) build(ctx context.Context, c LocalConfig) error {
	bin := filepath.Join(l.folder, "bin") + string(filepath.Separator)
	products := []string{"-o", bin, "./api", "./notifier", "./recurrer"}
	build := exec.CommandContext(ctx, "go", append([]string{"build"}, products...)...)
	if c.Clocks {
		var err error
		if build, err = jumping(ctx, l.folder, products...); err != nil {
			return err
		}
		l.clocks["apps"] = clock{path: filepath.Join(l.folder, "clock-apps")}
		if err := l.clocks["apps"].set(0); err != nil {
			return err
		}
	}
	tool := exec.CommandContext(ctx, "go", "build", "-o", bin, "./cmd/tickler-dev")
	build.Dir, tool.Dir = c.Root, filepath.Join(c.Root, "dev")
	for _, command := range []*exec.Cmd{build, tool} {
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(command.Args, " "), err, output)
		}
	}
	// Copies, since sidecars read them at each start, and somebody may change the
	// repository meanwhile.
	description, err := os.ReadFile(filepath.Join(c.Root, "dapr.yaml"))
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(l.folder, "dapr.yaml"), description, 0o644),
		os.CopyFS(filepath.Join(l.folder, "components"), os.DirFS(filepath.Join(c.Root, "components"))),
		os.Symlink(filepath.Join(c.Root, "dev"), filepath.Join(l.folder, "dev")),
	)
}

// mount gives Postgres a disk of its own.
func (l *Local) mount() error {
	user, err := owner.Unprivileged("postgres")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(l.home, 0o711); err != nil {
		return err
	}
	data := user.DataDir(l.home, "postgres")
	if err := user.MakeDir(data); err != nil {
		return err
	}
	l.disk, err = mountDisk(data, diskSize, int(user.UID), int(user.GID))
	return err
}

// fit lets Postgres serve six apps, each with all its connections, on its small disk.
func (l *Local) fit(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, l.DatabaseURL())
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `ALTER SYSTEM SET max_connections = 300`)
	if err == nil {
		_, err = conn.Exec(ctx, `ALTER SYSTEM SET max_wal_size = '192MB'`)
	}
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return err
	}
	if err := l.StopPart("postgres"); err != nil {
		return err
	}
	if err := l.StartPart(ctx, "postgres"); err != nil {
		return err
	}
	return l.ready(ctx)
}

// Stop ends the stack and removes what it left.
func (l *Local) Stop() error {
	if l.Stack != nil {
		l.Stack.Stop()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.links {
		one.close()
	}
	var errs []error
	if l.disk != nil {
		errs = append(errs, l.disk.unmount())
	}
	return errors.Join(append(errs, stack.Clean(l.home), os.RemoveAll(l.folder))...)
}

// detour gives each path between two parts a proxy.
func (l *Local) detour(from, to, address string) string {
	one, err := l.link(from+" "+to, address)
	if err != nil {
		l.say("no proxy from %s to %s: %v", from, to, err)
		return address
	}
	return one.address()
}

func (l *Local) link(name, to string) (*link, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.links[name] != nil {
		return l.links[name], nil
	}
	one, err := newLink(to)
	if err == nil {
		l.links[name] = one
	}
	return one, err
}

// Addresses of both replicas of api, as clients reach them.
func (l *Local) Addresses() (all []string) {
	for _, part := range []string{"api", "api-2"} {
		number, _ := strconv.Atoi(l.Env()["TICKLER_"+strings.ToUpper(strings.ReplaceAll(part, "-", "_"))+"_APP_PORT"])
		one, err := l.link("clients "+part, port.Address(number))
		if err != nil {
			l.say("no proxy from clients to %s: %v", part, err)
			continue
		}
		all = append(all, one.address())
	}
	return all
}

// Dial connects to an address on this machine.
func (l *Local) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, address)
}

// Token makes a user with an access token.
func (l *Local) Token(ctx context.Context, user string) (string, error) { return l.NewToken(ctx, user) }

// Link makes a link that signs a user in.
func (l *Local) Link(ctx context.Context, user string) (string, error) { return l.NewLink(ctx, user) }

// Broker is read through the same proxy as by the sidecars.
func (l *Local) Broker() broker.Access {
	access := l.Stack.Broker()
	access.Brokers = []string{l.detour("", "broker", access.Brokers[0])}
	return access
}

// HookHost is the loopback interface.
func (l *Local) HookHost() string { return port.Host }

// ready waits until every part is.
func (l *Local) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	for _, part := range l.Parts() {
		if err := l.WaitReady(ctx, part); err != nil {
			lines := strings.Split(strings.TrimSpace(l.Log(part)), "\n")
			return fmt.Errorf("%w; its last lines:\n%s", err, strings.Join(lines[max(0, len(lines)-20):], "\n"))
		}
	}
	return nil
}

// Heal lets everything through, sets the clocks, and waits until all is ready. What the
// plan stopped it has started again by itself.
func (l *Local) Heal(ctx context.Context) error {
	l.mu.Lock()
	for _, one := range l.links {
		one.restore()
	}
	l.mu.Unlock()
	for _, c := range l.clocks {
		if err := c.set(0); err != nil {
			return err
		}
	}
	if l.disk != nil {
		if err := l.disk.free(); err != nil {
			return err
		}
	}
	return l.ready(ctx)
}
