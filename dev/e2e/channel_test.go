package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"tickler/dev/stack"
)

// allowLoopback allows channels on this machine, which are refused otherwise.
func allowLoopback(c *stack.Config) {
	loopback := map[string]string{"TICKLER_ALLOWED_TARGETS": "127.0.0.1/32", "TICKLER_DELIVERY_RETRIES": "1s,2s,30s,30s"}
	c.AppEnv = map[string]map[string]string{"api": loopback, "notifier": loopback}
}

// target is an HTTP server that reminders are delivered to.
type target struct {
	*httptest.Server
	mu    sync.Mutex
	calls []delivered
	// status is what it answers; each call counts.
	status func(call int) int
	delay  time.Duration // before it answers
}

type delivered struct {
	path, body string
	header     http.Header
}

func receive(t testing.TB) *target {
	t.Helper()
	h := &target{status: func(int) int { return http.StatusOK }}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		h.calls = append(h.calls, delivered{r.URL.Path, string(body), r.Header.Clone()})
		status := h.status(len(h.calls))
		h.mu.Unlock()
		time.Sleep(h.delay)
		w.WriteHeader(status)
	}))
	t.Cleanup(h.Close)
	return h
}

// got lists the calls whose body contains a text.
func (h *target) got(text string) (found []delivered) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.calls {
		if strings.Contains(c.body, text) {
			found = append(found, c)
		}
	}
	return found
}

// settings are those that user_settings returns.
type settings struct {
	Channels []struct {
		ID                           int64
		Kind, Target, State, Problem string
	}
	Deliveries []struct {
		Target, Kind, State, Outcome string
		TaskID                       int64 `json:"task_id"`
		Attempts                     int
	}
	Secret      string `json:"webhook_secret"`
	CalendarURL string `json:"calendar_url"`
}

func (p *person) settings(t testing.TB, change fields) (s settings) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(p.call(t, "user_settings", change).text), &s))
	return s
}

func TestReminderReachesAWebhookAndAPhoneOnceEach(t *testing.T) {
	t.Parallel()
	s := start(t, allowLoopback)
	hook, phone := receive(t), receive(t)
	p := s.person(t, "")
	secret := p.settings(t, fields{"add_channel": hook.URL + "/hook"}).Secret
	require.NotEmpty(t, secret)
	require.Empty(t, p.settings(t, fields{"add_channel": strings.Replace(phone.URL, "http", "ntfy+http", 1) + "/my-topic"}).Secret)
	until(t, soon, "the two tests", func() bool { return len(hook.got("channel.test")) == 1 && len(phone.got("This is a test")) == 1 })

	hook.mu.Lock()
	hook.status = func(call int) int { // the first two calls about the reminder fail
		switch call {
		case 2:
			return http.StatusInternalServerError
		case 3:
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	}
	hook.mu.Unlock()
	added := p.add(t, fields{"title": "Water the plants", "priority": "high", "due_date": in(30 * minute)})
	until(t, soon, "the phone", func() bool { return len(phone.got("Water the plants")) == 1 })
	var message struct {
		Topic, Title, Message string
		Priority              int
		SequenceID            string `json:"sequence_id"`
	}
	require.NoError(t, json.Unmarshal([]byte(phone.got("Water the plants")[0].body), &message))
	require.Equal(t, "my-topic", message.Topic)
	require.Equal(t, "Water the plants", message.Title)
	require.Contains(t, message.Message, "is due in ")
	require.Equal(t, 4, message.Priority)

	until(t, later, "the third call", func() bool { return len(hook.got("Water the plants")) == 3 })
	verifier, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	for _, call := range hook.got("Water the plants") {
		require.NoError(t, verifier.Verify([]byte(call.body), call.header))
		require.Equal(t, message.SequenceID, call.header.Get("webhook-id"), "the same reminder, the same id")
		require.Error(t, verifier.Verify([]byte(call.body+" "), call.header))
	}
	until(t, soon, "the records", func() bool {
		sent := 0
		for _, d := range p.settings(t, fields{"deliveries": 10}).Deliveries {
			if d.TaskID == added.ID && d.State == "sent" {
				sent++
			}
		}
		return sent == 2
	})
	s.scanned(t, p)
	require.Len(t, hook.got("Water the plants"), 3)
	require.Len(t, phone.got("Water the plants"), 1)
}

func TestChannelOnAPrivateAddressIsNotCalledUnlessTheOperatorAllowsIt(t *testing.T) {
	t.Parallel()
	s := shared(t)
	inside := receive(t)
	p := s.person(t, "")
	require.Equal(t, "INVALID_INPUT", p.refused(t, "user_settings", fields{"add_channel": inside.URL + "/hook"}).Code, "http goes without TLS")
	for _, address := range []string{strings.Replace(inside.URL, "http", "https", 1) + "/hook", "ntfy://192.168.1.20/alerts", "ntfy://localhost/alerts"} {
		refusal := p.refused(t, "user_settings", fields{"add_channel": address})
		require.Equal(t, "INVALID_INPUT", refusal.Code, address)
		require.Contains(t, refusal.Message, "private address", address)
		require.Contains(t, refusal.Hint, "TICKLER_ALLOWED_TARGETS", address)
	}
	require.Empty(t, p.settings(t, fields{}).Channels)
	require.Empty(t, inside.got(""))
}

func TestCalendarFeedIsServedWithoutATokenUntilItIsSwitchedOff(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "Europe/Berlin")
	p.add(t, fields{"title": "Water the plants", "due_date": "2030-03-01T09:00", "recurrence_rule": "weekly"})
	url := p.settings(t, fields{"calendar_feed": "new"}).CalendarURL
	get := func() (int, string) {
		response, err := http.Get(url)
		require.NoError(t, err, url)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(text)
	}
	status, text := get()
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, text, "RRULE:FREQ=WEEKLY\r\n")
	require.Contains(t, text, "DTSTART;TZID=Europe/Berlin:20300301T090000\r\n")
	require.Contains(t, text, "TRIGGER:-PT60M\r\n")
	p.settings(t, fields{"calendar_feed": "off"})
	status, _ = get()
	require.Equal(t, http.StatusNotFound, status)
}
