package lifecycle_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/lifecycle"
)

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func TestStopFinishesTheCallThenTheBackground(t *testing.T) {
	var order []string
	began, goOn := make(chan struct{}), make(chan struct{})
	address := freeAddress(t)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- lifecycle.Run(ctx, lifecycle.App{
			Log: slog.New(slog.DiscardHandler), Drain: 10 * time.Second,
			Servers: []lifecycle.Server{{Name: "test", Address: address, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				close(began)
				<-goOn
				order = append(order, "call")
				_, _ = io.WriteString(w, "done")
			})}},
			Background: func(ctx context.Context) { <-ctx.Done(); order = append(order, "background") },
		})
	}()
	answer := make(chan string, 1)
	go func() {
		var response *http.Response
		for {
			var err error
			if response, err = http.Get("http://" + address); err == nil {
				break
			}
			time.Sleep(5 * time.Millisecond) // until it listens
		}
		defer func() { _ = response.Body.Close() }()
		body, _ := io.ReadAll(response.Body)
		answer <- string(body)
	}()
	<-began
	stop()
	select {
	case <-ended:
		t.Fatal("stopped with a call under way")
	case <-time.After(50 * time.Millisecond):
	}
	close(goOn)
	require.NoError(t, <-ended)
	require.Equal(t, "done", <-answer)
	require.Equal(t, []string{"call", "background"}, order)
}

func TestWhatCannotFinishIsCutOffAfterTheBound(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	err := lifecycle.Run(ctx, lifecycle.App{
		Log: slog.New(slog.DiscardHandler), Drain: 20 * time.Millisecond,
		Background: func(context.Context) { select {} },
	})
	require.ErrorContains(t, err, "taken up again at the next start")
}

func TestBusyAddressIsAnErrorThatNamesIt(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	err = lifecycle.Run(context.Background(), lifecycle.App{
		Log: slog.New(slog.DiscardHandler), Drain: time.Second, Background: func(context.Context) {},
		Servers: []lifecycle.Server{{Name: "calls", Address: l.Addr().String()}},
	})
	require.ErrorContains(t, err, "listen for calls")
	require.ErrorContains(t, err, l.Addr().String())
}

func TestWhatWouldGoOnForEverEndsWhenTheServerBeginsToStop(t *testing.T) {
	began := make(chan struct{})
	address := freeAddress(t)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- lifecycle.Run(ctx, lifecycle.App{
			Log: slog.New(slog.DiscardHandler), Drain: time.Minute,
			Servers: []lifecycle.Server{{Name: "test", Address: address, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				endless, cancel := lifecycle.UntilStopping(r.Context())
				defer cancel()
				close(began)
				<-endless.Done()
				if r.Context().Err() == nil { // any other request could still finish
					_, _ = io.WriteString(w, "goodbye")
				}
			})}},
			Background: func(ctx context.Context) { <-ctx.Done() },
		})
	}()
	answer := make(chan string, 1)
	go func() {
		for {
			if response, err := http.Get("http://" + address); err == nil {
				body, _ := io.ReadAll(response.Body)
				_ = response.Body.Close()
				answer <- string(body)
				return
			}
			time.Sleep(5 * time.Millisecond) // until it listens
		}
	}()
	<-began
	stop()
	require.Equal(t, "goodbye", <-answer)
	require.NoError(t, <-ended)
}
