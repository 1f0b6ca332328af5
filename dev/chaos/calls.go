package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// attemptTimeout bounds one attempt of a call: something that is frozen gives no answer.
const attemptTimeout = 8 * time.Second

// maxAnswer bounds what is read of one answer.
const maxAnswer = 16 << 20

// passing is a failure that is no answer: the call is repeated. Whether it was carried
// out is not known.
type passing struct{ error }

// refusal is an answer that repeating does not change.
type refusal struct{ Code, Message, Field string }

func (r *refusal) Error() string {
	return fmt.Sprintf("%s (%s): %s", r.Code, r.Field, r.Message)
}

func isCode(err error, codes ...string) bool {
	var r *refusal
	return errors.As(err, &r) && slices.Contains(codes, r.Code)
}

// fields are the arguments of an operation.
type fields = map[string]any

// answer is what operations return, of whatever kind.
type answer struct {
	Task     Stored `json:"task"`
	Category struct {
		ID int64 `json:"id"`
	} `json:"category"`
	Results []struct {
		Task  *Stored  `json:"task"`
		Error *refusal `json:"error"`
	} `json:"results"`
	Tasks   []Stored `json:"tasks"`
	Changes []struct {
		Noted
		CallID string         `json:"call_id"`
		After  map[string]any `json:"after"`
	} `json:"changes"`
	NextCursor string `json:"next_cursor"`
	InTheWay   []any  `json:"in_the_way"`
}

// way is one that calls of operations take.
type way interface {
	name() string
	call(ctx context.Context, operation string, arguments fields) (answer, error)
}

// client is a user's HTTP client, which looks through everything it is shown.
type client struct {
	http  *http.Client
	url   string
	watch *watch
	to    string // the user's name
	token string
}

// newClient makes a client that knows the system by one name. As with a load balancer,
// each request goes to any of the addresses.
func (d *driver) newClient(user *user, token string) *client {
	addresses := d.system.Addresses()
	jar, _ := cookiejar.New(nil) // fails for a bad list of suffixes only
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return d.system.Dial(ctx, network, addresses[rand.IntN(len(addresses))])
	}
	return &client{
		http: &http.Client{
			Jar: jar, Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		// Over plain HTTP the page signs people in on their own machine only.
		url: "http://127.0.0.1", watch: d.watch, to: user.account.Name, token: token,
	}
}

// reply is an answer over HTTP.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// send makes one attempt at a request.
func (c *client) send(ctx context.Context, method, path, contentType string, body []byte, headers ...string) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	if body != nil {
		request.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := c.http.Do(request)
	if err != nil {
		return reply{}, passing{err}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	c.watch.look(c.to, method+" "+path, text)
	if err != nil {
		return reply{}, passing{err}
	}
	if slices.Contains([]int{http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout}, response.StatusCode) {
		return reply{}, passing{fmt.Errorf("%s %s: %s", method, path, response.Status)}
	}
	return reply{response.StatusCode, response.Header, text}, nil
}

// watch looks for words of one user in what another is shown.
type watch struct {
	words map[string]string // of each user, by name

	mu    sync.Mutex
	leaks []Leak
	looks int
}

func (w *watch) look(to, where string, text []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looks++
	for name, word := range w.words {
		if name != to && bytes.Contains(text, []byte(word)) {
			w.leaks = append(w.leaks, Leak{to, name, where})
		}
	}
}

// mcp calls tools at /mcp, statelessly, as clients of 2026-07-28 do and older ones may.
type mcp struct{ *client }

func (mcp) name() string { return "MCP" }

func (m mcp) call(ctx context.Context, operation string, arguments fields) (answer, error) {
	body, err := json.Marshal(fields{"jsonrpc": "2.0", "id": 1, "method": "tools/call",
		"params": fields{"name": operation, "arguments": arguments}})
	if err != nil {
		return answer{}, err
	}
	r, err := m.send(ctx, http.MethodPost, "/mcp", "application/json", body, "Accept", "application/json, text/event-stream")
	if err != nil {
		return answer{}, err
	}
	var got struct {
		Result struct {
			StructuredContent json.RawMessage
			IsError           bool
		}
		Error *struct {
			Code    int
			Message string
		}
	}
	if err := json.Unmarshal(r.body, &got); err != nil || r.status != http.StatusOK || got.Error != nil {
		return answer{}, &refusal{Code: fmt.Sprint(r.status), Message: string(r.body)}
	}
	return decode(got.Result.StructuredContent, got.Result.IsError)
}

// decode reads an answer, or the error that came in its place.
func decode(text []byte, failed bool) (answer, error) {
	if failed {
		var told struct{ Error refusal }
		if err := json.Unmarshal(text, &told); err != nil {
			return answer{}, &refusal{Code: "unreadable", Message: string(text)}
		}
		return answer{}, sorted(&told.Error)
	}
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		return a, &refusal{Code: "unreadable", Message: string(text)}
	}
	for _, r := range a.Results { // of a batch, each by itself
		if r.Error != nil {
			return a, sorted(r.Error)
		}
	}
	return a, nil
}

// sorted tells refusals that pass from those that stay.
func sorted(r *refusal) error {
	if r.Code == "UNAVAILABLE" || r.Code == "RATE_LIMITED" {
		return passing{r}
	}
	return r
}

// rest calls the same operations under /v1.
type rest struct{ *client }

func (rest) name() string { return "REST" }

// routes of the operations that are used here.
var routes = map[string]string{
	"add_task": "POST /v1/tasks", "add_tasks": "POST /v1/batch", "get_task": "GET /v1/tasks/{task_id}",
	"update_task": "PATCH /v1/tasks/{task_id}", "delete_task": "DELETE /v1/tasks/{task_id}",
	"complete_task": "POST /v1/tasks/{task_id}/complete", "reopen_task": "POST /v1/tasks/{task_id}/reopen",
	"add_tag_to_task": "POST /v1/tasks/{task_id}/tags", "list_tasks": "GET /v1/tasks", "search_tasks": "GET /v1/search",
	"get_overview": "GET /v1/overview", "get_history": "GET /v1/history", "undo": "POST /v1/undo",
	"create_category": "POST /v1/categories", "delete_category": "DELETE /v1/categories/{category_id}",
	"user_settings": "PATCH /v1/settings", "list_categories": "GET /v1/categories",
}

func (r rest) call(ctx context.Context, operation string, arguments fields) (answer, error) {
	method, path, _ := strings.Cut(routes[operation], " ")
	given, headers := fields{}, []string{}
	query := url.Values{}
	for name, value := range arguments {
		switch in := "{" + name + "}"; {
		case strings.Contains(path, in):
			path = strings.Replace(path, in, fmt.Sprint(value), 1)
		case name == "idempotency_key" && operation == "add_task":
			headers = append(headers, "Idempotency-Key", fmt.Sprint(value))
		case method == http.MethodGet || method == http.MethodDelete:
			query.Set(name, fmt.Sprint(value))
		default:
			given[name] = value
		}
	}
	var body []byte
	if method == http.MethodPost || method == http.MethodPatch {
		body, _ = json.Marshal(given) // plain values always marshal
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	got, err := r.send(ctx, method, path, "application/json", body, headers...)
	if err != nil {
		return answer{}, err
	}
	if got.status/100 != 2 {
		var problem struct{ Code, Detail, Field string }
		if json.Unmarshal(got.body, &problem) != nil || problem.Code == "" {
			return answer{}, &refusal{Code: fmt.Sprint(got.status), Message: string(got.body)}
		}
		return answer{}, sorted(&refusal{problem.Code, problem.Detail, problem.Field})
	}
	return decode(got.body, false)
}
