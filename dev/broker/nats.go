package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"tickler/dev/port"
	"tickler/dev/process"
	"tickler/internal/event"
)

// The stack's own settings. NATS writes to disk before it acknowledges.
const natsSettings = `host: %s
port: %d
jetstream: { store_dir: %q, sync_interval: always }
include %q
authorization: {
  users: [
    { user: %q, password: $NATS_PASSWORD }
%s  ]
}
`

// duplicates is how long a stream drops an event that has the id of an earlier one: the
// shortest that NATS takes. A dead letter that is sent again keeps its id, and must not be
// dropped.
const duplicates = 100 * time.Millisecond

func (l Local) nats() ([]process.Spec, error) {
	data := filepath.Join(l.Home, "nats")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	users, err := os.ReadFile(filepath.Join(l.Root, "components", "servers", "nats", "users.conf"))
	if err != nil {
		return nil, fmt.Errorf("the users of NATS: %w", err)
	}
	env := append(l.Environment, "NATS_PASSWORD="+l.Password)
	var apps strings.Builder
	for _, login := range l.Logins {
		fmt.Fprintf(&apps, "    $%s\n", strings.ReplaceAll(login.User, "-", "_"))
		env = append(env, "NATS_PASSWORD_"+strings.ToUpper(login.App)+"="+login.Password)
	}
	settings := filepath.Join(data, "nats.conf")
	for path, text := range map[string]string{
		settings:                          fmt.Sprintf(natsSettings, port.Host, l.Port, filepath.Join(data, "streams"), "users.conf", l.Username, apps.String()),
		filepath.Join(data, "users.conf"): string(users),
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, fmt.Errorf("writing the settings of NATS: %w", err)
		}
	}
	l.Say("broker: NATS JetStream on port %d, data in %s", l.Port, data)
	return []process.Spec{l.spec(process.Spec{Command: []string{l.Tool, "broker", "--nats", settings}, Env: env})}, nil
}

// ServeNATS runs a NATS server with its configuration file until ctx ends.
func ServeNATS(ctx context.Context, settings string, log io.Writer) error {
	options, err := server.ProcessConfigFile(settings)
	if err != nil {
		return fmt.Errorf("the settings of NATS: %w", err)
	}
	options.NoSigs = true
	s, err := server.NewServer(options)
	if err != nil {
		return fmt.Errorf("starting NATS: %w", err)
	}
	go s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		return errors.New("NATS does not accept connections")
	}
	fmt.Fprintf(log, "NATS JetStream on %s\n", s.ClientURL())
	<-ctx.Done()
	s.Shutdown()
	s.WaitForShutdown()
	fmt.Fprintln(log, "stopped")
	return nil
}

// NATS returns a connection to the broker.
func (a Access) NATS(options ...nats.Option) (*nats.Conn, error) {
	return nats.Connect(a.url("nats"), options...)
}

// ensureStreams creates a missing stream for each topic, of its name.
func ensureStreams(ctx context.Context, access Access, wanted []event.Topic) error {
	connection, err := access.NATS()
	if err != nil {
		return err
	}
	defer connection.Close()
	streams, err := connection.JetStream()
	if err != nil {
		return err
	}
	for _, topic := range wanted {
		_, err := streams.AddStream(&nats.StreamConfig{
			Name: topic.Name, Subjects: []string{topic.Name}, MaxAge: topic.Retention, Duplicates: duplicates,
		}, nats.Context(ctx))
		if err != nil && !errors.Is(err, nats.ErrStreamNameAlreadyInUse) {
			return fmt.Errorf("making the stream %s: %w", topic.Name, err)
		}
	}
	return nil
}
