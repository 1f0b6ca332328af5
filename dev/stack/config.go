// Package stack starts a whole Tickler on one machine, as separate processes:
// Postgres, a broker, and every app of dapr.yaml with its daprd.
// `make run` uses it, and so do the end-to-end tests.
package stack

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"tickler/dev/broker"
	"tickler/dev/process"
	"tickler/dev/runfile"
)

// Config of a stack. The zero value of every field but Home is a good one for
// tests: all ports are free ones, nothing is printed.
type Config struct {
	// Root is the repository; the nearest folder with a dapr.yaml at or above
	// the working directory when empty.
	Root string
	// Home keeps the state; one stack at a time. Required. Clean removes it.
	Home string

	// Ports of the public API, Postgres and the broker; 0 takes a free one.
	APIPort, PostgresPort, BrokerPort int
	// RunFilePorts takes the other ports from dapr.yaml where they are free.
	RunFilePorts bool

	// Broker to run on; the default kind when empty.
	Broker broker.Kind
	// BrokerElsewhere is one that runs already; none is started then.
	BrokerElsewhere *broker.Access

	// Fleeting data need not outlive a crash of the machine.
	Fleeting bool

	// DatabaseURL of a Postgres that runs elsewhere; none is started then.
	DatabaseURL string
	// InfraOnly starts no apps: Postgres, broker, topics, migrations.
	InfraOnly bool
	// Replicas by app id, for apps with more than one. The second notifier is the
	// part notifier-2, its sidecar notifier-2-daprd.
	Replicas map[string]int
	// AppEnv adds to the environment of an app, by app id.
	AppEnv map[string]map[string]string
	// PostgresEnv adds to the environment of Postgres.
	PostgresEnv []string
	// Detour returns where a part reaches Postgres or the broker instead of at its
	// address, for tests that cut them off: a proxy. from is the id of an app on the way
	// to Postgres, and empty on the way to the broker, which all reach at one address.
	Detour func(from, to, address string) string

	// Mail is the environment that components/email reads, SMTP_HOST and so on;
	// without it no mail is sent.
	Mail map[string]string

	// Traces keeps the spans of all apps and sidecars, and serves a page that shows
	// them.
	Traces bool

	// Output gets every line that a part prints, behind the part's name.
	Output io.Writer

	// Policy by which parts that die are started again.
	Policy process.Policy
	// Tool is the binary of dev/cmd/tickler-dev, which serves the broker;
	// bin/tickler-dev of the repository when empty.
	Tool string
	// Daprd is the binary to run; found or built when empty.
	Daprd string
}

func (c *Config) setDefaults() error {
	if c.Home == "" {
		return errors.New("no home given for the stack's state")
	}
	var err error
	if c.Root == "" {
		if c.Root, err = FindRoot(); err != nil {
			return err
		}
	}
	if c.Root, err = filepath.Abs(c.Root); err != nil {
		return err
	}
	if c.Tool == "" {
		c.Tool = filepath.Join(c.Root, "bin", "tickler-dev")
	}
	if c.BrokerElsewhere != nil {
		c.Broker = c.BrokerElsewhere.Kind
	}
	if c.Broker, err = broker.ParseKind(string(c.Broker)); err != nil {
		return err
	}
	if c.Policy == (process.Policy{}) {
		c.Policy = process.DefaultPolicy
	}
	return nil
}

// FindRoot is the nearest folder with a dapr.yaml, at or above the working
// directory.
func FindRoot() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, runfile.Name)); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no %s in %s or above it: run this inside the repository", runfile.Name, start)
		}
	}
}
