package chaos

import (
	"encoding/json"
	"hash/fnv"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// hook is the server of all users' webhooks. It refuses some calls, and is slow to
// answer others, as follows from the id of the message and the seed.
type hook struct {
	server *http.Server
	url    string
	seed   uint64
	watch  *watch

	mu    sync.Mutex
	calls []Call
	again map[string]int // calls by id
}

func openHook(host string, seed uint64, watch *watch) (*hook, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return nil, err
	}
	h := &hook{url: "http://" + listener.Addr().String(), seed: seed, watch: watch, again: map[string]int{}}
	h.server = &http.Server{Handler: h}
	go func() { _ = h.server.Serve(listener) }()
	return h, nil
}

func (h *hook) close() { _ = h.server.Close() }

func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return // it was cut off: whoever sends it tries again
	}
	var told struct {
		Type string
		Data struct {
			TaskID  int64   `json:"task_id"`
			TaskIDs []int64 `json:"task_ids"`
		}
	}
	_ = json.Unmarshal(body, &told)
	call := Call{
		Account: strings.TrimPrefix(r.URL.Path, "/"), ID: r.Header.Get("webhook-id"), Type: told.Type,
		Tasks: told.Data.TaskIDs, Body: string(body), At: time.Now(),
	}
	if told.Data.TaskID != 0 {
		call.Tasks = []int64{told.Data.TaskID}
	}
	h.watch.look(call.Account, "a call of the webhook", body)
	h.mu.Lock()
	h.again[call.ID]++
	attempt := h.again[call.ID]
	h.calls = append(h.calls, call)
	h.mu.Unlock()
	digest := fnv.New64a()
	_, _ = digest.Write([]byte(call.ID))
	switch luck := (digest.Sum64() ^ h.seed) % 20; {
	case luck < 2 && attempt == 1:
		w.WriteHeader(http.StatusServiceUnavailable) // after it had its effect
	case luck < 4:
		time.Sleep(300 * time.Millisecond)
	}
}

func (h *hook) all() (calls []Call, repeated int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.calls), len(h.calls) - len(h.again)
}
