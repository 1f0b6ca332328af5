// Package broker starts the broker of the local stack, of whichever kind, and
// says how to reach it.
package broker

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"tickler/dev/owner"
	"tickler/dev/port"
	"tickler/dev/process"
	"tickler/internal/topics"
)

// Name of the part of a stack that is the broker, whatever its kind.
const Name = "broker"

// drain is how long a broker may take to stop before it is killed. All of them have
// written to disk what they acknowledged.
const drain = 3 * time.Second

// Local is a broker that the stack runs. It listens on the loopback interface
// only, wants a password, and keeps its data in the home.
type Local struct {
	Kind Kind
	Home string
	Root string // the repository
	Tool string // the binary of dev/cmd/tickler-dev
	Port int
	// Advertised is the address that kfake tells its clients, for a proxy before it;
	// its own when empty.
	Advertised string
	// The user who may do everything.
	Username, Password string
	// Logins are the users of the apps.
	Logins []topics.Login
	// FreePort picks a port for traffic within the broker.
	FreePort func() (int, error)
	// Environment that the broker inherits.
	Environment []string
	Say         func(string, ...any)
}

// Access to the broker once it runs.
func (l Local) Access() Access {
	access := Access{Kind: l.Kind, Brokers: []string{port.Address(l.Port)}, Username: l.Username, Password: l.Password}
	if l.Kind == Redis { // the user that requirepass sets the password of
		access.Username = "default"
	}
	return access
}

// Processes prepares the data folder and returns what to run, in this order; the
// one called Name is the broker.
func (l Local) Processes(ctx context.Context) ([]process.Spec, error) {
	switch l.Kind {
	case Redis:
		return l.redis()
	case RabbitMQ:
		return l.rabbitMQ()
	case NATS:
		return l.nats()
	case Kafka:
		return l.kafka(ctx)
	default:
		return l.fake(), nil
	}
}

// fake is kfake, served by tickler-dev.
func (l Local) fake() []process.Spec {
	data := filepath.Join(l.Home, Name)
	l.Say("broker: Kafka's protocol on port %d, by kfake, which is made for tests; data in %s", l.Port, data)
	return []process.Spec{l.spec(process.Spec{
		Command: []string{l.Tool, "broker", "--data", data, "--port", strconv.Itoa(l.Port), "--advertise", l.Advertised},
		Env:     append(l.Environment, "KAFKA_SASL_USERNAME="+l.Username, "KAFKA_SASL_PASSWORD="+l.Password),
	})}
}

// spec completes that of the broker itself.
func (l Local) spec(s process.Spec) process.Spec {
	s.Name, s.StopTimeout, s.Ready = Name, drain, l.Access().Ping
	return s
}

// dataDir creates a server's data folder. If the stack runs as root, the server
// runs as the first of some users that exists.
func (l Local) dataDir(server string, users ...string) (string, owner.Owner, error) {
	user, err := owner.Unprivileged(users...)
	if err != nil {
		return "", user, err
	}
	data := user.DataDir(l.Home, server)
	return data, user, user.MakeDir(data)
}

// writeFile replaces a file with secrets in a server's data folder.
func writeFile(user owner.Owner, path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("writing a server's settings: %w", err)
	}
	return user.Own(path)
}
