package stack

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"

	"tickler/dev/broker"
	"tickler/dev/owner"
	"tickler/dev/postgres"
	"tickler/dev/process"
	"tickler/internal/event"
)

// Names of the parts that are not apps, and of the stack itself in its logs.
const (
	postgresName = "postgres"
	brokerName   = broker.Name
	ownName      = "tickler"
)

// startInfra starts Postgres and the broker and puts tables and topics there.
func (s *Stack) startInfra(ctx context.Context) error {
	if err := s.startBroker(ctx); err != nil {
		return err
	}
	if err := s.startPostgres(ctx); err != nil {
		return err
	}
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error {
		if s.find(brokerName) != nil {
			if err := s.await(ctx, brokerName); err != nil {
				return err
			}
		}
		differences, err := broker.EnsureTopics(ctx, s.broker, event.Topics())
		for _, difference := range differences {
			s.say("%s", difference)
		}
		if err != nil {
			return fmt.Errorf("making topics: %w", err)
		}
		if s.config.BrokerElsewhere != nil {
			return nil
		}
		if err := broker.EnsureUsers(ctx, s.broker, s.logins()); err != nil {
			return fmt.Errorf("making the users of the apps on the broker: %w", err)
		}
		return nil
	})
	work.Go(func() error { return s.prepareDatabase(ctx) })
	return work.Wait()
}

func (s *Stack) startBroker(ctx context.Context) error {
	if s.config.BrokerElsewhere != nil {
		s.broker = *s.config.BrokerElsewhere
		s.say("broker: %s, which is not started here", strings.Join(s.broker.Brokers, ","))
		return nil
	}
	local := broker.Local{
		Kind: s.config.Broker, Home: s.home.Path, Root: s.config.Root, Tool: s.config.Tool, Port: s.config.BrokerPort,
		Username: s.home.Secrets.KafkaUsername, Password: s.home.Secrets.KafkaPassword, Logins: s.logins(),
		Advertised:  s.brokerAddress(),
		FreePort:    func() (int, error) { return s.picker.Pick(0) },
		Environment: inherited(), Say: s.say,
	}
	s.broker = local.Access()
	processes, err := local.Processes(ctx)
	if err != nil {
		return err
	}
	for _, spec := range processes {
		if err := s.run(spec); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stack) startPostgres(ctx context.Context) error {
	if s.config.DatabaseURL != "" && !s.isOwn(s.config.DatabaseURL) {
		s.databaseURL = s.config.DatabaseURL
		s.say("Postgres: DATABASE_URL is set, so that one is used and none is started")
		return nil
	}
	cluster, err := s.postgresCluster(ctx)
	if err != nil {
		return err
	}
	s.cluster, s.databaseURL = cluster, cluster.URL()
	if postgres.DataVersion(cluster.Data) == 0 {
		s.say("Postgres: making a new cluster, a few seconds")
	}
	if err := cluster.Init(ctx); err != nil {
		return err
	}
	s.say("Postgres %d: port %d, data in %s", cluster.Binaries.Major, cluster.Port, cluster.Data)
	return s.run(process.Spec{
		Name:    postgresName,
		Command: cluster.Command(),
		Dir:     "/",
		Env:     append(postgres.Environment(), s.config.PostgresEnv...),
		UID:     cluster.Owner.UID, GID: cluster.Owner.GID,
		// A fast shutdown: sessions are cut, data is flushed.
		StopSignal:   syscall.SIGINT,
		OrphanSignal: syscall.SIGINT,
		StopTimeout:  postgresDrain,
		Ready:        cluster.Ready,
		Unprinted:    toldByPostgres,
	})
}

// toldByPostgres is what it says while it stops as it was asked to.
var toldByPostgres = []string{
	"LOG:  received fast shutdown request",
	"LOG:  aborting any active transactions",
	`LOG:  background worker "logical replication launcher"`,
	"LOG:  shutting down",
	"LOG:  database system is shut down",
}

// isOwn reports whether a database URL is that of this home's own Postgres, as in a
// shell that has sourced the env file of an earlier run.
func (s *Stack) isOwn(database string) bool {
	u, err := url.Parse(database)
	if err != nil || u.User == nil {
		return false
	}
	password, _ := u.User.Password()
	return password == s.home.Secrets.PostgresPassword
}

func (s *Stack) postgresCluster(ctx context.Context) (*postgres.Cluster, error) {
	user, err := owner.Unprivileged(postgresName)
	if err != nil {
		return nil, err
	}
	data := user.DataDir(s.home.Path, postgresName)
	version := postgres.DataVersion(data)
	binaries, err := postgres.Find(ctx, version)
	if errors.Is(err, postgres.ErrNotInstalled) {
		s.say("Postgres: none that fits is installed; fetching one, this once")
		binaries, err = s.fetchPostgres(ctx, user)
	}
	if err != nil {
		return nil, err
	}
	if version != 0 && version != binaries.Major {
		return nil, fmt.Errorf("%s was made by Postgres %d, and only %d is to be had: "+
			"install %d, or remove the data with `make clean`", data, version, binaries.Major, version)
	}
	return &postgres.Cluster{
		Binaries: binaries, Data: data, Port: s.config.PostgresPort, Owner: user,
		Fleeting: s.config.Fleeting, Username: s.home.Secrets.PostgresUsername, Password: s.home.Secrets.PostgresPassword,
	}, nil
}

func (s *Stack) fetchPostgres(ctx context.Context, user owner.Owner) (postgres.Binaries, error) {
	folder := user.CacheDir()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return postgres.Binaries{}, err
	}
	free, err := s.picker.Pick(0)
	if err != nil {
		return postgres.Binaries{}, err
	}
	return postgres.Fetch(ctx, folder, free)
}

func (s *Stack) prepareDatabase(ctx context.Context) error {
	if s.cluster != nil {
		if err := s.await(ctx, postgresName); err != nil {
			return err
		}
		if err := s.cluster.EnsureDatabase(ctx); err != nil {
			return fmt.Errorf("making the database: %w", err)
		}
	}
	log, err := process.NewLog(s.home.LogFile("migrate"), "migrate", s.console)
	if err != nil {
		return err
	}
	defer log.Close()
	migrate := s.publicCommand(ctx, "migrate", "up")
	migrate.Stdout, migrate.Stderr = log, log
	if err := migrate.Run(); err != nil {
		return fmt.Errorf("the database could not be brought up to date: %w\nthe last lines of %s:\n%s", err, s.home.LogFile("migrate"), strings.Join(log.Last(), "\n"))
	}
	s.say("the tables are there")
	return nil
}

// publicCommand runs a command of api's binary.
func (s *Stack) publicCommand(ctx context.Context, args ...string) *exec.Cmd {
	app := s.publicApp()
	command := append(binary(app), args...)
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = app.AppDirPath
	// Links that it prints lead to where api serves.
	cmd.Env = append(inherited(), "DATABASE_URL="+s.databaseURL, "APP_PORT="+strconv.Itoa(s.config.APIPort))
	for name, value := range s.config.AppEnv[publicID] {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}
