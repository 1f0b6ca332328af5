// Package streamed writes answers while they are read from the database, to
// clients that may take them slowly or leave.
package streamed

import (
	"bufio"
	"context"
	"net/http"
	"time"
)

const (
	// chunk is how much is written at a time, and chunkTimeout how long a client may
	// take for it.
	chunk        = 32 << 10
	chunkTimeout = 15 * time.Second
	// longest is how long a whole answer may take.
	longest = 3 * time.Minute
)

// Answer writes the body of an answer with write. When that fails, or the client
// is too slow, or ctx ends, which is that of the request and ends with its token,
// the connection breaks, so that nobody takes for whole what is not. Status and
// headers must be set.
func Answer(ctx context.Context, w http.ResponseWriter, write func(to *bufio.Writer) error) error {
	paced := &paced{ctx: ctx, ResponseWriter: w, control: http.NewResponseController(w), end: time.Now().Add(longest)}
	// A write that waits for its reader breaks too.
	forget := context.AfterFunc(ctx, func() { _ = paced.control.SetWriteDeadline(time.Unix(1, 0)) })
	defer forget()
	body := bufio.NewWriterSize(paced, chunk)
	err := write(body)
	if err == nil {
		err = body.Flush()
	}
	if err != nil {
		// A handler that just returned would end the answer as if it were whole.
		_ = paced.control.SetWriteDeadline(time.Unix(1, 0))
	}
	return err
}

// paced gives a client so long for each write.
type paced struct {
	ctx context.Context
	http.ResponseWriter
	control *http.ResponseController
	end     time.Time
}

func (p *paced) Write(text []byte) (int, error) {
	deadline := time.Now().Add(chunkTimeout)
	if deadline.After(p.end) {
		deadline = p.end
	}
	_ = p.control.SetWriteDeadline(deadline) // a recorder in a test has none
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.ResponseWriter.Write(text)
}
