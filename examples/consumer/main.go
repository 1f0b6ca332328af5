// Command consumer follows Tickler's events through a Dapr sidecar of its own, and
// writes one line for each into a file. It uses nothing of Tickler and nothing but
// Go's standard library: it is where a program of yours can begin.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "consumer:", err)
		os.Exit(1)
	}
}

func run() error {
	token := os.Getenv("APP_API_TOKEN")
	if token == "" {
		return errors.New("APP_API_TOKEN is not set: give the same one to this program and to its sidecar")
	}
	book, err := openBook(cmp.Or(os.Getenv("CONSUMER_FILE"), "events.jsonl"))
	if err != nil {
		return err
	}
	defer book.Close()

	// Only the sidecar, which runs on the same machine, has business here.
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", cmp.Or(os.Getenv("APP_PORT"), "8095")))
	if err != nil {
		return err
	}
	server := &http.Server{Handler: newHandler(token, book, slog.Default()), ReadHeaderTimeout: 5 * time.Second}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	slog.Info("waiting for events", "address", listener.Addr().String())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return server.Shutdown(ctx) // events that are being handled are finished
}
