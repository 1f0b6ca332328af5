package delivery

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
)

// receiver takes messages as a service documents them, and nothing else.
type receiver struct {
	*httptest.Server
	path, key string // where messages are taken, and the header with the token
	body      map[string]any
	refuse    func(w http.ResponseWriter) // instead of taking one
}

// receive serves what is sent to a path. check decodes the body strictly into the
// documented fields, and fails if one is missing or too long.
func receive(t *testing.T, path, key string, into func() any, check func(any) error) *receiver {
	t.Helper()
	r := &receiver{path: path, key: key}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, got *http.Request) {
		if r.refuse != nil {
			r.refuse(w)
			return
		}
		body, err := io.ReadAll(got.Body)
		document := into()
		if err == nil {
			decoder := json.NewDecoder(bytes.NewReader(body))
			decoder.DisallowUnknownFields()
			err = decoder.Decode(document)
		}
		if err == nil {
			err = check(document)
		}
		switch {
		case got.Method != http.MethodPost || got.URL.RequestURI() != r.path || got.Header.Get("Content-Type") != "application/json" || got.Header.Get("X-Gotify-Key") != r.key:
			t.Errorf("%s %s %v", got.Method, got.URL, got.Header)
			w.WriteHeader(http.StatusNotFound)
		case err != nil:
			t.Errorf("%s: %v", body, err)
			w.WriteHeader(http.StatusBadRequest)
		default:
			r.body = nil
			_ = json.Unmarshal(body, &r.body)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func length(text string, limit int) error {
	if n := len(utf16.Encode([]rune(text))); n == 0 || n > limit {
		return fmt.Errorf("a text of %d is not allowed", n)
	}
	return nil
}

// services are the receivers of each service, with a sender and the target of a
// channel there.
func services(t *testing.T) map[string]struct {
	*receiver
	Sender
	to Target
} {
	type discord struct {
		Content         string `json:"content"`
		AllowedMentions *struct {
			Parse []string `json:"parse"`
		} `json:"allowed_mentions"`
	}
	type slack struct {
		Text   string `json:"text"`
		Markup *bool  `json:"mrkdwn"`
	}
	type telegram struct {
		Chat   any    `json:"chat_id"`
		Thread int64  `json:"message_thread_id"`
		Text   string `json:"text"`
		Links  *struct {
			Disabled bool `json:"is_disabled"`
		} `json:"link_preview_options"`
	}
	type gotify struct {
		Title    string `json:"title"`
		Message  string `json:"message"`
		Priority *int   `json:"priority"`
	}
	d := receive(t, "/api/webhooks/123/s3cret?thread_id=4", "", func() any { return &discord{} }, func(v any) error {
		if m := v.(*discord); m.AllowedMentions == nil || m.AllowedMentions.Parse == nil || len(m.AllowedMentions.Parse) > 0 {
			return fmt.Errorf("it may mention somebody: %+v", m)
		}
		return length(v.(*discord).Content, 2000)
	})
	s := receive(t, "/services/T1/B2/s3cret", "", func() any { return &slack{} }, func(v any) error { return length(v.(*slack).Text, 40_000) })
	g := receive(t, "/bot123:s3cret/sendMessage", "", func() any { return &telegram{} }, func(v any) error {
		if m := v.(*telegram); m.Chat != float64(-1009) || m.Thread != 7 {
			return fmt.Errorf("another chat: %+v", m)
		}
		return length(v.(*telegram).Text, 4096)
	})
	f := receive(t, "/message", "s3cret", func() any { return &gotify{} }, func(v any) error {
		if m := v.(*gotify); m.Priority == nil || *m.Priority < 0 || *m.Priority > 10 {
			return fmt.Errorf("no priority: %+v", m)
		}
		return length(v.(*gotify).Message, 1<<20)
	})
	return map[string]struct {
		*receiver
		Sender
		to Target
	}{
		"discord":  {d, Discord{d.Client()}, Target{d.URL + "/api/webhooks/123?thread_id=4", "s3cret"}},
		"slack":    {s, Slack{s.Client()}, Target{s.URL + "/services/T1/B2", "s3cret"}},
		"telegram": {g, Telegram{g.Client()}, Target{g.URL + "/bot123?chat_id=-1009&message_thread_id=7", "s3cret"}},
		"gotify":   {f, Gotify{f.Client()}, Target{f.URL + "/message", "s3cret"}},
	}
}

func TestEachServiceGetsTheMessageThatItDocuments(t *testing.T) {
	all := services(t)
	for name, service := range all {
		require.NoError(t, service.Send(t.Context(), service.to, reminder("Grüße <@everyone> & *mehr* 🌱"), now), name)
	}
	require.Equal(t, "🔔 **Grüße \\<\\@everyone\\> & \\*mehr\\* 🌱**\nis due in 42 minutes", all["discord"].body["content"])
	require.Equal(t, "🔔 Grüße &lt;@everyone&gt; &amp; *mehr* 🌱\nis due in 42 minutes", all["slack"].body["text"])
	require.Equal(t, "🔔 Grüße <@everyone> & *mehr* 🌱\nis due in 42 minutes", all["telegram"].body["text"])
	require.Equal(t, map[string]any{"title": "Grüße <@everyone> & *mehr* 🌱", "message": "is due in 42 minutes", "priority": 9.0}, all["gotify"].body)
}

func TestTextIsCutToWhatEachServiceTakes(t *testing.T) {
	for name, service := range services(t) {
		for _, text := range []string{strings.Repeat("🌱 *long* line\n", 2000), strings.Repeat("*", 5000), strings.Repeat("🌱", 1990) + "*"} {
			m := Message{ID: "id-1", Type: "reminder.summary", At: now, Title: "12 tasks are overdue or due soon", Text: text}
			require.NoError(t, service.Send(t.Context(), service.to, m, now), name)
		}
	}
	require.Equal(t, "abc", bounded(3, "a", "bc"))
	require.Equal(t, "ab…", bounded(3, "abcd"))
	require.Equal(t, "a…", bounded(3, "a🌱b"))
	require.Equal(t, "ab…", bounded(4, `ab\*`+"*"), "half an escape is none")
}

// What each service answers is in its documentation; the pause is in the header, the
// body or both.
func TestRefusalOfEachServiceIsNamedAndItsPauseKept(t *testing.T) {
	all := services(t)
	for _, c := range []struct {
		service string
		status  int
		header  string
		body    string
		reason  string
		wait    time.Duration
		gone    bool
	}{
		{"discord", 429, "65", `{"message":"You are being rate limited.","retry_after":64.57,"global":false}`, "429", 65 * time.Second, false},
		{"discord", 429, "", `{"retry_after":0.5}`, "429", 500 * time.Millisecond, false},
		{"discord", 429, "", `{"retry_after":1e300}`, "429", maxRetryAfter, false},
		{"discord", 404, "", `{"message":"Unknown Webhook","code":10015}`, "no longer has this webhook", 0, true},
		{"discord", 401, "", `{"message":"Invalid Webhook Token","code":50027}`, "no longer has this webhook", 0, true},
		{"discord", 404, "", `<html>`, "404 Not Found", 0, false},
		{"slack", 429, "30", "rate_limited", "429 Too Many Requests (rate_limited)", 30 * time.Second, false},
		{"slack", 404, "", "no_service", "another incoming webhook", 0, true},
		{"slack", 410, "", "channel_is_archived", "channel_is_archived", 0, true},
		{"slack", 400, "", "invalid_payload", "400 Bad Request (invalid_payload)", 0, false},
		{"slack", 500, "", "<b>Error</b> s3cret", "500 Internal Server Error", 0, false},
		{"telegram", 429, "", `{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 5","parameters":{"retry_after":5}}`, "429", 5 * time.Second, false},
		{"telegram", 400, "", `{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}`, "write to the bot", 0, false},
		{"telegram", 401, "", `{"ok":false,"error_code":401,"description":"Unauthorized"}`, "revoked", 0, true},
		{"telegram", 403, "", `{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}`, "blocked", 0, true},
		{"gotify", 401, "", `{"error":"Unauthorized","errorCode":401,"errorDescription":"you need to provide a valid access token or user credentials to access this api"}`, "does not take this token", 0, false},
		{"gotify", 503, "120", "", "503", 2 * time.Minute, false},
	} {
		service := all[c.service]
		service.refuse = func(w http.ResponseWriter) {
			if c.header != "" {
				w.Header().Set("Retry-After", c.header)
			}
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
		}
		err := service.Send(t.Context(), service.to, reminder("x"), now)
		var failure *Failure
		require.ErrorAs(t, err, &failure, c.body)
		require.Contains(t, failure.Reason, c.reason)
		require.NotContains(t, failure.Reason, "s3cret")
		require.Equal(t, c.wait, failure.RetryAfter, c.body)
		require.Equal(t, c.gone, failure.Gone, c.body)
	}
	for name, service := range all {
		service.Close()
		err := service.Send(t.Context(), service.to, reminder("x"), now)
		require.EqualError(t, err, "the connection failed", name)
	}
}

func TestServerWithoutTLSIsTold(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(net.Conn){
		"HTTP":         func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n") },
		"another kind": func(c net.Conn) { _, _ = io.WriteString(c, "220 mail.example.com ESMTP\r\n") },
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { _ = listener.Close() })
		go func() {
			if c, err := listener.Accept(); err == nil {
				serve(c)
				_, _ = io.Copy(io.Discard, c)
				_ = c.Close()
			}
		}()
		err = post(t.Context(), NewClient(Networks{netip.MustParsePrefix("127.0.0.0/8")}, time.Minute), "https://"+listener.Addr().String()+"/topic", nil, http.Header{}, time.Now())
		require.ErrorContains(t, err, "does not speak TLS", name)
		require.ErrorContains(t, err, "ntfy+http://", name)
	}
}
