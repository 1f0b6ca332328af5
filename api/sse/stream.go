// Package sse writes server-sent events to clients that stay.
// https://html.spec.whatwg.org/multipage/server-sent-events.html
package sse

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	// KeepAlive is the time between two signs of life: proxies cut what is silent
	// for a minute or so.
	KeepAlive = 15 * time.Second
	// Longest is how long a stream lasts: then the client comes again, and its
	// token is checked anew.
	Longest = 10 * time.Minute

	farewell = 500 * time.Millisecond
)

type openedKey struct{}

// OnOpen returns a context that has opened called when a stream begins with it.
func OnOpen(ctx context.Context, opened func()) context.Context {
	return context.WithValue(ctx, openedKey{}, opened)
}

// Stream is an answer that goes on. After an error, which means that the client
// is gone or may be told nothing more, it writes nothing. It is for one goroutine.
type Stream struct {
	ctx      context.Context
	forget   func() bool
	w        http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
	err      error
}

// Open begins the answer to a request with the context ctx, and writes nothing
// once that has ended. A client that does not read for as long as patience is
// gone. Close must be called.
func Open(ctx context.Context, w http.ResponseWriter, patience time.Duration) *Stream {
	if opened, ok := ctx.Value(openedKey{}).(func()); ok {
		opened()
	}
	s := &Stream{ctx: ctx, w: w, control: http.NewResponseController(w), patience: patience}
	// A write that waits for its reader ends too. The time is for ending in good order.
	s.forget = context.AfterFunc(ctx, func() { _ = s.control.SetWriteDeadline(time.Now().Add(farewell)) })
	// The time in which a request must be read would end the stream too.
	s.err = s.control.SetReadDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would keep events back
	w.WriteHeader(http.StatusOK)
	return s
}

// Close leaves the connection as it is, for the next request.
func (s *Stream) Close() { s.forget() }

// Write sends lines as they stand.
func (s *Stream) Write(text string) {
	if s.err != nil {
		return
	}
	if s.err = s.control.SetWriteDeadline(time.Now().Add(s.patience)); s.err != nil {
		return
	}
	if s.err = s.ctx.Err(); s.err != nil {
		return
	}
	if _, s.err = io.WriteString(s.w, text); s.err == nil {
		s.err = s.control.Flush()
	}
}

// Comment sends what clients pass over, as a sign of life.
func (s *Stream) Comment(text string) { s.Write(": " + text + "\n\n") }

// Fail ends the stream for a reason of the server's own.
func (s *Stream) Fail(err error) { s.err = errors.Join(s.err, err) }

// Err is why nothing is written any more; nil while all goes well.
func (s *Stream) Err() error { return s.err }
