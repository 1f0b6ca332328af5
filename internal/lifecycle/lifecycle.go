// Package lifecycle runs an app: it serves, works in the background, and shuts down
// in order, within a time limit, on SIGTERM or SIGINT.
package lifecycle

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// Server is a handler and the address to serve it on.
type Server struct {
	Name    string
	Address string
	Handler http.Handler
	TLS     *tls.Config // nil: plain HTTP
}

// App is what Run runs.
type App struct {
	Log     *slog.Logger
	Drain   time.Duration // how long shutting down may take
	Servers []Server
	// Background runs until its context ends. That is after the servers have
	// finished their requests, so that it still handles what they committed.
	Background func(ctx context.Context)
}

// writeTimeout bounds a call, answer included; large imports take longest.
// Open-ended streams set a deadline for each write instead.
const writeTimeout = 3 * time.Minute

type stoppingKey struct{}

// UntilStopping is for open-ended responses, such as a stream of events. Its
// context ends with the request or when shutdown begins; otherwise Shutdown would
// wait for the stream.
func UntilStopping(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stopping, ok := ctx.Value(stoppingKey{}).(context.Context)
	if !ok {
		return ctx, cancel
	}
	forget := context.AfterFunc(stopping, cancel)
	return ctx, func() { forget(); cancel() }
}

// Interrupted returns a context that ends on SIGTERM or SIGINT.
func Interrupted() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
}

// Run serves until ctx ends or a server fails, then drains.
func Run(ctx context.Context, app App) error {
	failed := make(chan error, len(app.Servers))
	var servers []*http.Server
	stopping, stopEndless := context.WithCancel(context.Background())
	defer stopEndless()
	base := context.WithValue(context.Background(), stoppingKey{}, stopping)
	for _, s := range app.Servers {
		listener, err := net.Listen("tcp", s.Address)
		if err != nil {
			return fmt.Errorf("listen for %s: %w", s.Name, err)
		}
		if s.TLS != nil {
			listener = tls.NewListener(listener, s.TLS)
		}
		server := &http.Server{
			Handler: s.Handler, ErrorLog: slog.NewLogLogger(app.Log.Handler(), slog.LevelWarn),
			ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
			WriteTimeout:   writeTimeout,
			MaxHeaderBytes: 32 << 10, BaseContext: func(net.Listener) context.Context { return base },
		}
		servers = append(servers, server)
		app.Log.Info("serving", "what", s.Name, "address", listener.Addr().String(), "tls", s.TLS != nil)
		go func() {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serve %s: %w", s.Name, err)
			}
		}()
	}
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBackground()
	var working sync.WaitGroup
	working.Go(func() { app.Background(background) })

	var err error
	select {
	case <-ctx.Done():
		app.Log.Info("stopping: finishing what was begun", "at_most", app.Drain.String())
	case err = <-failed:
	}
	stopEndless()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), app.Drain)
	defer cancel()
	var closing sync.WaitGroup
	for _, server := range servers {
		closing.Go(func() {
			if server.Shutdown(drain) != nil {
				_ = server.Close() // the time limit has passed
			}
		})
	}
	closing.Wait()
	stopBackground()
	finished := make(chan struct{})
	go func() { working.Wait(); close(finished) }()
	select {
	case <-finished:
		app.Log.Info("stopped")
	case <-drain.Done():
		err = errors.Join(err, fmt.Errorf("not everything was finished within %s; it is taken up again at the next start", app.Drain))
	}
	return err
}
