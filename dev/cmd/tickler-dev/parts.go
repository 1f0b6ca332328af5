package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"tickler/dev/broker"
	"tickler/dev/sidecar"
	"tickler/dev/stack"
)

func serveBroker(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("broker", flag.ContinueOnError)
	data := flags.String("data", "", "folder for the data")
	port := flags.Int("port", 19092, "port on the loopback interface")
	advertised := flags.String("advertise", "", "address that clients are told, of a proxy (default the own one)")
	nats := flags.String("nats", "", "configuration file of a NATS server, which runs instead of kfake")
	if err := parse(flags, args); err != nil {
		return err
	}
	if *nats != "" {
		return broker.ServeNATS(ctx, *nats, os.Stdout)
	}
	return broker.Serve(ctx, broker.Options{
		DataDir: *data, Port: *port, Advertised: *advertised, Log: os.Stdout,
		Username: os.Getenv("KAFKA_SASL_USERNAME"), Password: os.Getenv("KAFKA_SASL_PASSWORD"),
	})
}

// has checks that brokers of some kinds can be started here.
func has(names []string) error {
	var kinds []broker.Kind
	for _, name := range names {
		kind, err := broker.ParseKind(name)
		if err != nil {
			return err
		}
		kinds = append(kinds, kind)
	}
	return broker.Installed(kinds...)
}

// daprd prints where it is.
func daprd(ctx context.Context) error {
	root, err := stack.FindRoot()
	if err != nil {
		return err
	}
	path := sidecar.Installed(ctx, "")
	if path == "" {
		say := func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
		if path, err = sidecar.Build(ctx, filepath.Join(root, "dev", "daprd"), sidecar.Daprd, say); err != nil {
			return err
		}
	}
	fmt.Println(path)
	return nil
}
