package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"tickler/dev/broker"
	"tickler/dev/home"
	"tickler/dev/stack"
)

// run runs a stack until ctx ends or a part of it gives up.
func run(ctx context.Context, infraOnly bool) error {
	begun := time.Now()
	config, err := fromEnvironment()
	if err != nil {
		return err
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	config.InfraOnly, config.Output = infraOnly, output{end}
	config.Traces = os.Getenv("TRACES") == "1"
	s, err := stack.Start(ctx, config)
	if err != nil {
		return err
	}
	if infraOnly {
		fmt.Print(infraBanner(s, config, time.Since(begun)))
	} else {
		link, err := s.NewLink(ctx, stack.User)
		if err != nil {
			s.Stop()
			return err
		}
		fmt.Print(banner(s, link, config, time.Since(begun)))
	}
	select {
	case <-s.Done():
		return s.Err()
	case <-ctx.Done():
	}
	fmt.Println("\nStopping: apps, sidecars, broker, Postgres. ^C again ends it at once.")
	begun = time.Now()
	s.Stop()
	fmt.Printf("Stopped in %s. The data is kept in %s.\n", time.Since(begun).Round(10*time.Millisecond), config.Home)
	return nil
}

func fromEnvironment() (stack.Config, error) {
	root, err := stack.FindRoot()
	if err != nil {
		return stack.Config{}, err
	}
	config := stack.Config{
		Root: root, Home: homePath(root), RunFilePorts: true,
		DatabaseURL: os.Getenv("DATABASE_URL"),
	}
	if err := checkEnvironment(config.Home); err != nil {
		return stack.Config{}, err
	}
	if config.Broker, err = broker.ParseKind(os.Getenv("BROKER")); err != nil {
		return stack.Config{}, fmt.Errorf("BROKER: %w", err)
	}
	for _, p := range []struct {
		port     *int
		variable string
		standard int
	}{
		{&config.APIPort, stack.APIPortVariable, 8080},
		{&config.PostgresPort, stack.PostgresPortVariable, 15432},
		{&config.BrokerPort, stack.BrokerPortVariable, 19092},
	} {
		*p.port = p.standard
		text := os.Getenv(p.variable)
		if text == "" {
			continue
		}
		if *p.port, err = strconv.Atoi(text); err != nil || *p.port < 1 || *p.port > 65535 {
			return stack.Config{}, fmt.Errorf("%s is %q: a port from 1 to 65535 is expected", p.variable, text)
		}
	}
	config.Mail = mail()
	return config, nil
}

// checkEnvironment refuses variables that would be passed over in silence, or that
// would make this stack use the parts of another.
func checkEnvironment(path string) error {
	if listen := os.Getenv("TICKLER_LISTEN"); listen != "" {
		return fmt.Errorf("TICKLER_LISTEN is %q, but a local stack gives each app an address of its own, on this machine only: unset it; %s is the port of the API, for example %[2]s=8090",
			listen, stack.APIPortVariable)
	}
	sourced := os.Getenv(home.Variables)
	if sourced == "" || os.Getenv("DATABASE_URL") == "" {
		return nil
	}
	path, err := filepath.Abs(path)
	if err == nil && sourced != path {
		err = fmt.Errorf("this shell has the environment of the stack in %s, by which the one in %s would use its database: open another shell, or unset DATABASE_URL", sourced, path)
	}
	return err
}

// mail collects what components/email reads; none without a server.
func mail() map[string]string {
	if os.Getenv("SMTP_HOST") == "" {
		return nil
	}
	given := map[string]string{"SMTP_PORT": "587", "SMTP_FROM": "tickler@localhost"}
	for _, name := range []string{"SMTP_HOST", "SMTP_PORT", "SMTP_USER", "SMTP_PASSWORD", "SMTP_FROM"} {
		if value := os.Getenv(name); value != "" {
			given[name] = value
		}
	}
	return given
}

func homePath(root string) string {
	if path := os.Getenv("TICKLER_HOME"); path != "" {
		return path
	}
	return filepath.Join(root, ".tickler")
}
