// Package sse writes streams of server-sent events.
// https://html.spec.whatwg.org/multipage/server-sent-events.html
package sse

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"tickler/internal/lifecycle"
)

const (
	// KeepAlive is the interval between comments on an idle stream. Proxies close
	// connections that are silent for a minute or so.
	KeepAlive = 15 * time.Second
	// Longest is how long a stream may last. The client then reconnects, and its
	// token is checked again.
	Longest = 10 * time.Minute

	farewell = 500 * time.Millisecond
)

type openedKey struct{}

// OnOpen returns a context that has opened called when a stream begins with it.
func OnOpen(ctx context.Context, opened func()) context.Context {
	return context.WithValue(ctx, openedKey{}, opened)
}

// Stream is an open-ended response. After an error, which means that the client is
// gone or may receive nothing more, it writes nothing. It is not safe for
// concurrent use.
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
	// The read timeout of the request would end the stream too.
	s.err = s.control.SetReadDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would buffer events
	w.WriteHeader(http.StatusOK)
	return s
}

// Close leaves the connection as it is, for the next request.
func (s *Stream) Close() { s.forget() }

// Write sends lines unchanged.
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

// Follow writes what next returns, and a comment when there is nothing for as long as
// KeepAlive, until next fails, the client leaves, the server stops, or long has
// passed. next waits until its context ends.
func (s *Stream) Follow(long time.Duration, next func(ctx context.Context) (text string, err error)) {
	following, cancel := lifecycle.UntilStopping(s.ctx)
	defer cancel()
	following, cancel = context.WithTimeout(following, long)
	defer cancel()
	for following.Err() == nil && s.err == nil {
		patience, stop := context.WithTimeout(following, KeepAlive)
		text, err := next(patience)
		silent := patience.Err() != nil && following.Err() == nil
		stop()
		switch {
		case silent && text == "":
			s.Comment("still here")
		case err != nil:
			return
		default:
			s.Write(text)
		}
	}
}

// Comment sends a comment, which clients ignore, to keep the connection alive.
func (s *Stream) Comment(text string) { s.Write(": " + text + "\n\n") }

// Fail ends the stream with an error of the server.
func (s *Stream) Fail(err error) { s.err = errors.Join(s.err, err) }

// Err is the error that ended the stream, or nil.
func (s *Stream) Err() error { return s.err }
