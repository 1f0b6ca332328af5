// Command standin takes the place of every app in the tests of the stack: it
// migrates, makes tokens and serves what the stack waits for, and nothing else.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	switch strings.Join(os.Args[1:], " ") {
	case "migrate up":
		if why := os.Getenv("REFUSES_TO_MIGRATE"); why != "" {
			return errors.New(why)
		}
		_, err := conn.Exec(ctx, `CREATE TABLE IF NOT EXISTS tokens (token text)`)
		fmt.Println("migrated")
		return err
	case "token create --user me --name make run":
		token := rand.Text()
		_, err := conn.Exec(ctx, `INSERT INTO tokens VALUES ($1)`, token)
		fmt.Println(token)
		return err
	case "user link --create --user me":
		fmt.Println("http://localhost:" + os.Getenv("APP_PORT") + "/sign-in/link/" + rand.Text())
		return nil
	}
	return serve(ctx, conn)
}

func serve(ctx context.Context, conn *pgx.Conn) error {
	app := "127.0.0.1:" + os.Getenv("APP_PORT")
	probes := http.NewServeMux()
	probes.HandleFunc("/readyz", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, strings.Join(os.Environ(), "\n"))
	})
	probes.HandleFunc("/mcp", func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		var known bool
		err := conn.QueryRow(r.Context(), `SELECT EXISTS (SELECT FROM tokens WHERE token = $1)`, token).Scan(&known)
		if err != nil || !known {
			http.Error(w, "unknown token", http.StatusUnauthorized)
		}
	})
	probes.HandleFunc("/die", func(http.ResponseWriter, *http.Request) {
		fmt.Println("told to die")
		os.Exit(3)
	})
	// Before anything is served: who cannot listen must not look ready for a moment.
	listener, err := net.Listen("tcp", app)
	if err != nil {
		return err
	}
	failed := make(chan error, 2)
	go func() { failed <- http.Serve(listener, probes) }()
	if listen := os.Getenv("TICKLER_LISTEN"); listen != "" {
		go func() { failed <- http.ListenAndServe(listen, probes) }()
	}
	fmt.Println(os.Getenv("APP_ID"), "serves", app)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		fmt.Println("drained")
		return nil
	}
}
