package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"tickler/dev/broker"
	"tickler/dev/sidecar"
	"tickler/dev/stack"
	"tickler/internal/event"
)

func serveBroker(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("broker", flag.ExitOnError)
	data := flags.String("data", "", "folder for the data")
	port := flags.Int("port", 19092, "port on the loopback interface")
	_ = flags.Parse(args)
	return broker.Serve(ctx, broker.Options{
		DataDir: *data, Port: *port, Log: os.Stdout,
		Username: os.Getenv("KAFKA_SASL_USERNAME"), Password: os.Getenv("KAFKA_SASL_PASSWORD"),
	})
}

func topics(ctx context.Context) error {
	for _, name := range []string{"KAFKA_BROKERS", "KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD"} {
		if os.Getenv(name) == "" {
			return fmt.Errorf("%s is not set", name)
		}
	}
	access := broker.Access{
		Brokers:  strings.Split(os.Getenv("KAFKA_BROKERS"), ","),
		Username: os.Getenv("KAFKA_SASL_USERNAME"), Password: os.Getenv("KAFKA_SASL_PASSWORD"),
	}
	if err := broker.EnsureTopics(ctx, access, event.Topics()); err != nil {
		return err
	}
	for _, topic := range event.Topics() {
		fmt.Printf("%s: %d partitions, kept for %s\n", topic.Name, topic.Partitions, topic.Retention)
	}
	return nil
}

func daprd(ctx context.Context) error {
	root, err := stack.FindRoot()
	if err != nil {
		return err
	}
	path := sidecar.Installed(ctx, "")
	if path == "" {
		say := func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
		if path, err = sidecar.Build(ctx, filepath.Join(root, "dev", "daprd"), say); err != nil {
			return err
		}
	}
	fmt.Println(path)
	return nil
}
