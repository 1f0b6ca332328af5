package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tickler/dev/broker"
)

// System is a running Tickler to work with and to disturb.
type System interface {
	// Addresses of api, HOST:PORT, of which a client takes any; Dial connects to one of
	// them.
	Addresses() []string
	Dial(ctx context.Context, network, address string) (net.Conn, error)
	// Token makes a user with an access token, Link a link that signs the user in.
	Token(ctx context.Context, user string) (string, error)
	Link(ctx context.Context, user string) (string, error)
	// Broker is how to read all topics.
	Broker() broker.Access
	// HookHost is the address of this machine that webhooks are called at.
	HookHost() string
	// Disturbances lists what can be done to it, always in the same order.
	Disturbances() []Disturbance
	// Heal ends what is still disturbed, and waits until all of it is ready.
	Heal(ctx context.Context) error
	// Letters lists the dead letters that wait for a person.
	Letters(ctx context.Context) ([]string, error)
	// Trail is all that the system recorded of a task, for whoever finds out what
	// became of it.
	Trail(ctx context.Context, taskID int64) string
	// Logged lists the lines of all logs with a text.
	Logged(text string) []string
}

// Config of a run.
type Config struct {
	Seed   uint64
	Length time.Duration // of the disturbed part; then it has time to settle
	Users  int           // 4 when 0; each works over three ways at once
	Pace   time.Duration // between two stories of a worker, on average; 300 ms when 0
	Settle time.Duration // for what is still to come when all was healed; 6 minutes when 0
	Output io.Writer
	// Meddle, if set, is called once, at half time. Tests spoil something by it.
	Meddle func(*Books)
}

// How long a run waits, after everything was healed.
const (
	patience = 3 * time.Minute  // for calls that are still repeated
	settling = 6 * time.Minute  // for events, reminders and calls of webhooks, by default
	quiet    = 15 * time.Second // in which nothing more may come: three scans
)

// Report tells what a run did and found.
type Report struct {
	Config
	Took       time.Duration
	Done       map[string]int // disturbances by name
	Missed     map[string]int // those that could not be done at their time
	Calls      int64
	Attempts   int64
	Pried      int64
	Looks      int // answers that were searched for other users' words
	Tasks      int
	Changes    int
	ByWay      map[string]int // acknowledged changes
	Events     int            // on the topics, each once
	Copies     int            // that came again
	Reminders  int
	Webhooks   int // effects
	Repeated   int // calls of webhooks that were repeated
	Successors int
	Settled    time.Duration // from the end of all disturbance until the books balanced
	Findings   []Finding
}

type driver struct {
	Config
	system System
	users  []*user
	bus    *bus
	hook   *hook
	watch  *watch
	enough atomic.Bool
	pace   time.Duration
	counts counts

	mu       sync.Mutex
	books    Books
	streamed []Streamed
	done     map[string]int
	missed   map[string]int
}

// Run disturbs a system while users work with it, and balances the books. An error
// means that the run itself could not be carried out; what it found is in the report.
func Run(ctx context.Context, system System, c Config) (Report, error) {
	d := &driver{Config: c, system: system, pace: cmp.Or(c.Pace, 300*time.Millisecond), done: map[string]int{}, missed: map[string]int{}}
	d.Users = cmp.Or(c.Users, 4)
	begun := time.Now()
	listening, silence := context.WithCancel(ctx)
	var listeners sync.WaitGroup
	defer func() { silence(); listeners.Wait() }()
	if err := d.open(ctx); err != nil {
		return Report{}, err
	}
	defer d.bus.close()
	defer d.hook.close()
	for _, u := range d.users {
		listeners.Go(func() { d.listen(listening, u) })
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	workers := d.work(working)
	d.disturb(ctx)
	d.enough.Store(true)
	d.say("the disturbed part is over after %s; healing", d.Length)
	if err := system.Heal(ctx); err != nil {
		return Report{}, fmt.Errorf("the system does not get well again: %w", err)
	}
	healed := time.Now()
	impatient := time.AfterFunc(patience, stop)
	defer impatient.Stop()
	workers.Wait()
	findings, err := d.settle(ctx)
	if err != nil {
		return Report{}, err
	}
	report := d.report(findings)
	report.Took, report.Settled = time.Since(begun), time.Since(healed)-quiet
	d.show(ctx, findings)
	return report, nil
}

func (d *driver) say(format string, args ...any) {
	if d.Output != nil {
		fmt.Fprintf(d.Output, "%s "+format+"\n", append([]any{time.Now().Format("15:04:05")}, args...)...)
	}
}

// open makes the users, with all their ways in.
func (d *driver) open(ctx context.Context) (err error) {
	random := rand.New(rand.NewPCG(d.Seed, 3))
	d.watch = &watch{words: map[string]string{}}
	for n := range d.Users {
		word := make([]byte, 10)
		for i := range word {
			word[i] = consonants[random.IntN(len(consonants))]
		}
		name := fmt.Sprintf("chaos-%d-%d", d.Seed, n+1)
		d.watch.words[name] = string(word)
		d.users = append(d.users, &user{account: &Account{Name: name, Word: string(word)}})
	}
	if d.hook, err = openHook(d.system.HookHost(), d.Seed, d.watch); err != nil {
		return err
	}
	if d.bus, err = openBus(d.system.Broker()); err != nil {
		return err
	}
	for _, u := range d.users {
		name := u.account.Name
		if u.token, err = d.system.Token(ctx, name); err != nil {
			return err
		}
		u.mcp, u.rest = mcp{d.newClient(u, u.token)}, rest{d.newClient(u, u.token)}
		u.page, u.stream = page{d.newClient(u, "")}, d.newClient(u, u.token)
		link, err := d.system.Link(ctx, name)
		if err != nil {
			return err
		}
		if err := u.page.signIn(ctx, link); err != nil {
			return fmt.Errorf("signing %s in: %w", name, err)
		}
		if _, err := u.rest.call(ctx, "user_settings", fields{"add_channel": d.hook.url + "/" + name}); err != nil {
			return fmt.Errorf("adding a webhook: %w", err)
		}
		d.books.Accounts = append(d.books.Accounts, u.account)
	}
	return nil
}

// work starts a worker for each way of each user.
func (d *driver) work(ctx context.Context) *sync.WaitGroup {
	all := &sync.WaitGroup{}
	for n := range 3 * len(d.users) {
		w := &worker{driver: d, user: d.users[n/3], number: n + 1, random: rand.New(rand.NewPCG(d.Seed, uint64(100+n)))}
		all.Go(func() { w.work(ctx) })
	}
	return all
}

// disturb carries out the plan.
func (d *driver) disturb(ctx context.Context) {
	begun := time.Now()
	var steps sync.WaitGroup
	defer steps.Wait()
	wait := func(until time.Duration) bool {
		select {
		case <-time.After(until - time.Since(begun)):
			return true
		case <-ctx.Done():
			return false
		}
	}
	meddled := false
	for _, step := range Plan(d.Seed, d.Length, d.system.Disturbances()) {
		if !wait(step.At) {
			return
		}
		if !meddled && step.At > d.Length/2 {
			meddled = true
			d.meddle()
		}
		steps.Go(func() {
			err := step.Do(step.Target, step.Lasts)
			d.mu.Lock()
			defer d.mu.Unlock()
			if err != nil {
				d.missed[step.Name]++
				d.say("%s %s was not to be done: %v", step.Name, step.Target, err)
				return
			}
			d.done[step.Name]++
		})
		if !step.Brief {
			d.say("%s %s for %s", step.Name, step.Target, step.Lasts.Round(time.Second))
		}
	}
	wait(d.Length)
	if !meddled {
		d.meddle()
	}
}

func (d *driver) meddle() {
	if d.Meddle == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Meddle(&d.books)
}

// settle waits until the books balance, or for no longer than it may take, and then
// looks whether they stay so.
func (d *driver) settle(ctx context.Context) ([]Finding, error) {
	deadline := time.Now().Add(cmp.Or(d.Settle, settling))
	for {
		books, err := d.gather(ctx, false)
		if err == nil {
			left := slices.DeleteFunc(Balance(books), Finding.lasts)
			if len(left) == 0 || time.Now().After(deadline) {
				break
			}
			d.say("%d things are still open, for example %s", len(left), left[0])
		} else if time.Now().After(deadline) {
			return nil, fmt.Errorf("what is there cannot be read: %w", err)
		}
		select {
		case <-time.After(5 * time.Second):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	time.Sleep(quiet) // there is nothing to wait for: nothing may come
	books, err := d.gather(ctx, true)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.books = *books
	return Balance(books), nil
}

// gather reads what can be seen from outside now.
func (d *driver) gather(ctx context.Context, withHistory bool) (*Books, error) {
	letters, err := d.system.Letters(ctx)
	if err != nil {
		return nil, err
	}
	books := &Books{Messages: d.bus.all(), Letters: letters}
	books.Calls, _ = d.hook.all()
	for _, u := range d.users {
		account := *u.account
		account.Stored, account.History = nil, nil
		for _, status := range []string{"all", "deleted"} {
			err := pages(ctx, u.rest, "list_tasks", fields{"status": status, "limit": 100, "sort_by": "created_at"}, func(a answer) {
				account.Stored = append(account.Stored, a.Tasks...)
			})
			if err != nil {
				return nil, err
			}
		}
		if withHistory {
			err := pages(ctx, u.rest, "get_history", fields{"limit": 100}, func(a answer) {
				for _, change := range a.Changes {
					account.History = append(account.History, change.Noted)
				}
			})
			if err != nil {
				return nil, err
			}
		}
		books.Accounts = append(books.Accounts, &account)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	books.Refused, books.Streamed = slices.Clone(d.books.Refused), slices.Clone(d.streamed)
	d.watch.mu.Lock()
	defer d.watch.mu.Unlock()
	books.Leaks = append(slices.Clone(d.books.Leaks), d.watch.leaks...)
	return books, nil
}

// pages reads all pages of a list.
func pages(ctx context.Context, over way, operation string, arguments fields, each func(answer)) error {
	for {
		a, err := over.call(ctx, operation, arguments)
		for attempt := 0; errors.As(err, new(passing)) && attempt < 20 && ctx.Err() == nil; attempt++ {
			time.Sleep(500 * time.Millisecond)
			a, err = over.call(ctx, operation, arguments)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", operation, err)
		}
		each(a)
		if a.NextCursor == "" {
			return nil
		}
		arguments["cursor"] = a.NextCursor
	}
}

func (d *driver) report(findings []Finding) Report {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := Report{
		Config: d.Config, Done: d.done, Missed: d.missed, Calls: d.counts.calls.Load(), Attempts: d.counts.attempts.Load(),
		Pried: d.counts.pried.Load(), Looks: d.watch.looks, ByWay: map[string]int{}, Findings: findings,
	}
	seen := map[string]bool{}
	for _, m := range d.books.Messages {
		if place := m.Topic + m.ID; seen[place] {
			r.Copies++
		} else {
			seen[place] = true
			r.Events++
			if strings.HasSuffix(m.Topic, "reminders") {
				r.Reminders++
			}
		}
	}
	_, r.Repeated = d.hook.all()
	effects := map[string]bool{}
	for _, call := range d.books.Calls {
		effects[call.ID] = true
	}
	r.Webhooks = len(effects)
	for _, account := range d.books.Accounts {
		r.Tasks += len(account.Stored)
		for _, s := range account.Stored {
			if s.PreviousTaskID != 0 {
				r.Successors++
			}
		}
		for _, entry := range account.Entries {
			for _, change := range entry.Changes {
				r.Changes++
				r.ByWay[change.Way]++
			}
		}
	}
	return r
}

// show prints what was found, with all that is known of the first tasks that it
// concerns.
func (d *driver) show(ctx context.Context, findings []Finding) {
	const most = 5
	shown := map[int64]bool{}
	for i, f := range findings {
		d.say("NOT KEPT: %s", f)
		if _, id, found := strings.Cut(f.Text, "it was logged as "); found && i < 50 {
			for _, line := range d.system.Logged(id) {
				d.say("  %s", strings.TrimSpace(line))
			}
		}
		if f.TaskID == 0 || shown[f.TaskID] || i >= 50 || len(shown) == most {
			continue
		}
		shown[f.TaskID] = true
		d.say("what is known of task %d:\n%s%s", f.TaskID, d.trail(f.TaskID), d.system.Trail(ctx, f.TaskID))
	}
}

// trail is what the books have of a task.
func (d *driver) trail(id int64) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var b strings.Builder
	for _, account := range d.books.Accounts {
		for _, e := range account.Entries {
			if e.ID != id {
				continue
			}
			fmt.Fprintf(&b, "  story %s of %s, recurs %v, follows %d\n", e.Story, account.Name, e.Recurs, e.Follows)
			for _, c := range e.Changes {
				fmt.Fprintf(&b, "  %s acknowledged: %s %q over %s, attempt %d\n", c.At.Format("15:04:05.000"), c.Kind, c.Mark, c.Way, c.Attempts)
			}
		}
		for _, s := range account.Stored {
			if s.ID == id || s.PreviousTaskID == id {
				fmt.Fprintf(&b, "  stored: %+v\n", s)
			}
		}
	}
	for _, m := range d.books.Messages {
		if m.TaskID == id {
			fmt.Fprintf(&b, "  %s %d/%d: %s version %d, %s\n", m.Topic, m.Partition, m.Offset, m.Type, m.Version, m.ID)
		}
	}
	for _, call := range d.books.Calls {
		if slices.Contains(call.Tasks, id) {
			fmt.Fprintf(&b, "  %s webhook %s %s\n", call.At.Format("15:04:05.000"), call.Type, call.ID)
		}
	}
	return b.String()
}

// String is the report as people read it.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %s disturbed, %s in all, the books balanced %s after the last disturbance\n", r.Seed, r.Length, r.Took.Round(time.Second), r.Settled.Round(time.Second))
	total := 0
	for _, n := range r.Done {
		total += n
	}
	fmt.Fprintf(&b, "  %d disturbances:", total)
	for _, name := range slices.Sorted(maps.Keys(r.Done)) {
		fmt.Fprintf(&b, " %s %d,", name, r.Done[name])
	}
	fmt.Fprintf(&b, " not to be done at their time: %v\n", r.Missed)
	fmt.Fprintf(&b, "  %d calls in %d attempts, %d of them at other users' tasks; %d answers searched for what is another's\n", r.Calls, r.Attempts, r.Pried, r.Looks)
	fmt.Fprintf(&b, "  %d tasks, of which %d are successors; %d acknowledged changes %v\n", r.Tasks, r.Successors, r.Changes, r.ByWay)
	fmt.Fprintf(&b, "  %d events, and %d copies; %d reminders, %d effects of webhooks, %d calls repeated\n", r.Events, r.Copies, r.Reminders, r.Webhooks, r.Repeated)
	if len(r.Findings) == 0 {
		fmt.Fprintf(&b, "  the books balance\n")
		return b.String()
	}
	fmt.Fprintf(&b, "  %d FINDINGS; the same again: SEED=%d\n", len(r.Findings), r.Seed)
	return b.String()
}
