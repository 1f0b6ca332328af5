package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"tickler/internal/delivery"
	"tickler/internal/event"
	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// retries of the tests: a message is given up after the fourth attempt.
var retries = []time.Duration{5 * time.Second, time.Minute, time.Hour}

// office is a sender on a real database, with users and a clock that a test sets.
type office struct {
	pool     *pgxpool.Pool
	notifier *repository.Repository
	service  *task.Service
	people   *person.Service
	store    *repository.Repository
	sender   *sender
	mails    mails

	mu  sync.Mutex
	now time.Time
}

func open(t *testing.T) *office { return openPatient(t, time.Second) }

// openPatient waits so long for a target to answer. The mailer of the tests always
// does, however busy the machine.
func openPatient(t *testing.T, patience time.Duration) *office {
	t.Helper()
	t.Parallel()
	pool := pgtest.Open(t)
	o := &office{pool: pool, now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	o.store = repository.New(pgtest.As(t, pool, string(repository.RoleAPI)), "api", func() {})
	o.notifier = repository.New(pgtest.As(t, pool, string(repository.RoleNotifier)), "notifier", func() {})
	o.service = task.NewService(o.store, o.clock)
	o.people = person.NewService(o.store, o.clock, person.ChannelRules{
		Plain: true, PublicURL: "https://tickler.example.com", Confirmations: 5, Seal: func(secret, _ string) (string, error) { return secret, nil },
	})
	allowed, err := delivery.ParseNetworks("127.0.0.1/32")
	require.NoError(t, err)
	client := delivery.NewClient(allowed, patience)
	o.sender = newSender(o.notifier, func(sealed, _ string) (string, error) { return sealed, nil }, sendersOf(client, &delivery.Email{Invoke: o.mails.take, Timeout: 20 * time.Second}), retries, o.clock, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { o.sender.run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	return o
}

func (o *office) clock() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

// pass lets time go by, as ticks would.
func (o *office) pass(d time.Duration) {
	o.mu.Lock()
	o.now = o.now.Add(d)
	o.mu.Unlock()
	o.sender.wake()
}

func (o *office) user(t *testing.T, name string, channels ...string) person.Settings {
	t.Helper()
	id, err := o.store.EnsureUser(t.Context(), repository.LocalIssuer, name, "UTC")
	require.NoError(t, err)
	user, err := o.store.Settings(t.Context(), id)
	require.NoError(t, err)
	for _, channel := range channels {
		_, err = o.people.UpdateSettings(t.Context(), user, person.SettingsInput{AddChannel: channel})
		require.NoError(t, err)
	}
	o.sender.wake()
	for range channels {
		o.until(t, "the tests of the channels", func() bool { return o.waiting(t, user) == 0 })
	}
	return user
}

// remind takes a reminder as from the bus.
func (o *office) remind(t *testing.T, user person.Settings, title string) {
	t.Helper()
	added, err := o.service.Add(t.Context(), user, task.AddInput{Fields: task.Fields{Title: input.Some(title), DueDate: input.Some("2026-03-30T12:00")}})
	require.NoError(t, err)
	r := event.Reminder{Base: event.Base{EventID: uuid.New(), UserID: user.UserID, TaskID: added.Task.ID}, ReminderFields: event.ReminderFields{Title: title, DueDate: added.Task.DueDate, Priority: "medium"}}
	_, err = o.notifier.TakeReminders(t.Context(), []event.Reminder{r}, o.clock(), func(event.Reminder) {})
	require.NoError(t, err)
	o.sender.wake()
}

func (o *office) reach(t *testing.T, user person.Settings) person.DeliverySettings {
	t.Helper()
	reach, err := o.store.DeliverySettings(t.Context(), user.UserID, person.MaxDeliveries)
	require.NoError(t, err)
	return reach
}

// rests tells until when the only channel that failed is left alone.
func (o *office) rests(t *testing.T) (until time.Time) {
	require.NoError(t, o.pool.QueryRow(t.Context(), `SELECT coalesce(max(rest_until), 'epoch') FROM channels`).Scan(&until))
	return until
}

// waiting counts the deliveries that are due and not yet tried, or being tried.
func (o *office) waiting(t *testing.T, user person.Settings) (n int) {
	for _, d := range o.reach(t, user).Deliveries {
		if d.State == "pending" && d.Attempts == 0 {
			n++
		}
	}
	return n
}

func (o *office) until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 20*time.Second, 5*time.Millisecond, what)
}

// receiver is a target that answers as a test says, and remembers what came.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	calls  []call
	answer func(body string, w http.ResponseWriter)
}

type call struct{ id, body string }

func receive(t *testing.T, answer func(body string, w http.ResponseWriter)) *receiver {
	t.Helper()
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		text, _ := io.ReadAll(request.Body)
		if strings.Contains(string(text), "This is a test.") {
			return
		}
		r.mu.Lock()
		r.calls = append(r.calls, call{request.Header.Get("webhook-id"), string(text)})
		r.mu.Unlock()
		r.answer(string(text), w)
	}))
	t.Cleanup(func() { r.CloseClientConnections(); r.Close() })
	return r
}

func (r *receiver) got(part string) (found []call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.calls {
		if strings.Contains(c.body, part) {
			found = append(found, c)
		}
	}
	return found
}

func status(code int) func(string, http.ResponseWriter) {
	return func(_ string, w http.ResponseWriter) { w.WriteHeader(code) }
}

func TestMessageIsTriedAgainUnderTheSameIDUntilItArrives(t *testing.T) {
	o := open(t)
	failures := 2
	hook := receive(t, func(_ string, w http.ResponseWriter) {
		if failures--; failures >= 0 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	ann := o.user(t, "ann", hook.URL+"/hook")
	o.remind(t, ann, "Call")
	for n, pause := range retries[:2] {
		o.until(t, "the attempt", func() bool { return o.reach(t, ann).Deliveries[0].Next.Equal(o.clock().Add(pause)) })
		require.Len(t, hook.got("Call"), n+1)
		require.Equal(t, "it answers 500 Internal Server Error", o.reach(t, ann).Channels[0].Problem)
		o.pass(pause - time.Microsecond)
		o.pass(time.Microsecond)
	}
	o.until(t, "the third attempt", func() bool { return o.reach(t, ann).Deliveries[0].State == "sent" })
	calls := hook.got("Call")
	require.Len(t, calls, 3)
	require.Equal(t, calls[0], calls[2])
	require.NotEmpty(t, calls[0].id)
	require.Empty(t, o.reach(t, ann).Channels[0].Problem)
}

func TestTargetIsLeftAloneForAsLongAsItAsks(t *testing.T) {
	o := open(t)
	busy := true
	hook := receive(t, func(_ string, w http.ResponseWriter) {
		if busy {
			w.Header().Set("Retry-After", "900")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
	ann := o.user(t, "ann", hook.URL+"/hook")
	o.remind(t, ann, "First")
	o.until(t, "the attempt", func() bool {
		return o.reach(t, ann).Deliveries[0].Attempts == 1 && o.reach(t, ann).Deliveries[0].Next.Equal(o.clock().Add(15*time.Minute))
	})
	busy = false
	o.remind(t, ann, "Second")
	o.pass(15*time.Minute - time.Second)
	bob := o.user(t, "bob", hook.URL+"/bob")
	o.remind(t, bob, "Of another")
	o.until(t, "that of another user", func() bool { return len(hook.got("Of another")) == 1 })
	require.Empty(t, hook.got("Second"), "what came meanwhile waits too")
	o.pass(time.Second)
	o.until(t, "both", func() bool { return len(hook.got("First")) == 2 && len(hook.got("Second")) == 1 })
}

func TestTargetsThatHangDelayNobodyElse(t *testing.T) {
	o := openPatient(t, time.Minute) // longer than any test waits
	release := make(chan struct{})
	hanging := receive(t, func(string, http.ResponseWriter) { <-release })
	defer close(release)
	quick := receive(t, status(http.StatusOK))
	var stuck []person.Settings
	for n := range 2 * perHost {
		stuck = append(stuck, o.user(t, fmt.Sprint("stuck-", n), fmt.Sprintf("%s/hook/%d", hanging.URL, n)))
	}
	ann := o.user(t, "ann", quick.URL+"/hook")
	for _, user := range stuck {
		o.remind(t, user, "Never")
	}
	o.until(t, "targets that hang", func() bool { return len(hanging.got("Never")) >= perHost/2 })
	o.remind(t, ann, "Quick")
	o.until(t, "the quick one, while the others hang", func() bool { return len(quick.got("Quick")) == 1 })
}

func TestMessageThatATargetRefusesHoldsUpNoOther(t *testing.T) {
	o := open(t)
	hook := receive(t, func(body string, w http.ResponseWriter) {
		if strings.Contains(body, "Refused") {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	ann := o.user(t, "ann", hook.URL+"/hook")
	o.remind(t, ann, "Refused")
	for n := range retries {
		o.until(t, "the attempt", func() bool { return len(hook.got("Refused")) == n+1 })
		o.remind(t, ann, fmt.Sprint("Taken ", n))
		o.pass(retries[0])
		o.until(t, "the other one", func() bool { return len(hook.got(fmt.Sprint("Taken ", n))) == 1 })
		o.pass(retries[n])
	}
	o.until(t, "its end", func() bool {
		deliveries := o.reach(t, ann).Deliveries
		return deliveries[len(deliveries)-2].State == "failed" // the first is the test
	})
	require.True(t, o.reach(t, ann).Channels[0].Enabled, "the channel works")
}

func TestChannelThatKeepsFailingIsSwitchedOffAndTheUserIsToldThroughAnother(t *testing.T) {
	o := open(t)
	hook, phone := receive(t, status(http.StatusInternalServerError)), receive(t, status(http.StatusOK))
	ann := o.user(t, "ann", hook.URL+"/hook", strings.Replace(phone.URL, "http", "ntfy+http", 1)+"/topic")
	for n := range 5 { // however many wait, the channel's failures count
		o.remind(t, ann, fmt.Sprint("Reminder ", n))
	}
	o.until(t, "what the phone is told", func() bool { return len(phone.got("Reminder")) == 5 })
	for _, pause := range retries {
		o.until(t, "an attempt", func() bool { return o.rests(t).Equal(o.clock().Add(pause)) })
		require.True(t, o.reach(t, ann).Channels[0].Enabled)
		o.pass(pause)
	}
	o.until(t, "the notice", func() bool { return len(phone.got("A channel was switched off")) == 1 })
	require.False(t, o.reach(t, ann).Channels[0].Enabled)
	o.until(t, "nothing that waits for it", func() bool {
		return !slices.ContainsFunc(o.reach(t, ann).Deliveries, func(d person.Delivery) bool { return d.State == "pending" })
	})
	calls := len(hook.got(""))
	o.remind(t, ann, "Afterwards")
	o.until(t, "the phone", func() bool { return len(phone.got("Afterwards")) == 1 })
	require.Len(t, hook.got(""), calls, "nothing is sent there any more")
}

func TestTargetThatIsGoneIsSwitchedOffAtOnce(t *testing.T) {
	o := open(t)
	hook := receive(t, status(http.StatusGone))
	ann := o.user(t, "ann", hook.URL+"/hook")
	o.remind(t, ann, "Call")
	o.until(t, "the switch", func() bool { return !o.reach(t, ann).Channels[0].Enabled })
	require.Equal(t, "it answers 410 Gone", o.reach(t, ann).Channels[0].Problem)
}

func TestPrivateTargetIsNotCalledAndTheUserCanSeeWhy(t *testing.T) {
	o := open(t)
	ann := o.user(t, "ann", "http://169.254.169.254/latest")
	o.until(t, "the outcome", func() bool { return o.reach(t, ann).Deliveries[0].Outcome != "" })
	require.Equal(t, delivery.ErrForbidden.Error(), o.reach(t, ann).Deliveries[0].Outcome)
}
