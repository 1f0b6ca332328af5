package chaos

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"tickler/internal/event"
)

// listen follows a user's stream of events, going on where it broke off, until ctx ends.
// It closes begun when it knows from where on it misses nothing.
func (d *driver) listen(ctx context.Context, u *user, begun chan struct{}) {
	last := ""
	begin := sync.OnceFunc(func() { close(begun) })
	for ctx.Err() == nil {
		d.listenOnce(ctx, u, &last, begin)
		select {
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// silence is how long a stream may say nothing: it has a comment every 15 seconds.
const silence = 40 * time.Second

func (d *driver) listenOnce(ctx context.Context, u *user, last *string, begin func()) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	quiet := time.AfterFunc(silence, cancel)
	defer quiet.Stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.stream.url+"/v1/events", nil)
	if err != nil {
		return
	}
	request.Header.Set("Authorization", "Bearer "+u.token)
	if *last != "" {
		request.Header.Set("Last-Event-ID", *last)
	}
	response, err := u.stream.http.Do(request)
	if err != nil {
		return
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	id := ""
	for lines.Scan() {
		quiet.Reset(silence)
		line := lines.Text()
		d.watch.look(u.account.Name, "the stream of events", lines.Bytes())
		if value, found := strings.CutPrefix(line, "id: "); found {
			id = value
		}
		if value, found := strings.CutPrefix(line, "data: "); found {
			var data event.Base
			if json.Unmarshal([]byte(value), &data) == nil && data.TaskID != 0 {
				d.mu.Lock()
				d.books.Streamed = append(d.books.Streamed, Streamed{u.account.Name, data.EventID.String(), data.UserID, data.TaskID})
				d.mu.Unlock()
			}
		}
		switch {
		case line == "event: reset":
			d.mu.Lock()
			d.books.Refused = append(d.books.Refused, Refusal{u.account.Name, 0, "a stream", "it says that some events are gone", time.Now()})
			d.mu.Unlock()
		case line == "" && id != "": // the end of an event: what came before it is whole
			*last = id
			begin()
		}
	}
}
