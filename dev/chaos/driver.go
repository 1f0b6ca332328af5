package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
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
	Settle time.Duration // for what is still to come when all was healed; 6 minutes when 0
	Output io.Writer     // gets a line for each disturbance, and for what was not kept
	// Meddle, if set, is called once, at half time. Tests spoil something by it.
	Meddle func(*Books)
}

// How long a run waits, after everything was healed.
const (
	patience = 3 * time.Minute  // for calls that are still repeated
	settling = 6 * time.Minute  // for events, reminders and calls of webhooks, by default
	quiet    = 15 * time.Second // in which nothing more may come: three scans
)

type driver struct {
	Config
	system System
	say    func(format string, args ...any)
	users  []*user
	bus    *bus
	hook   *hook
	watch  *watch
	enough atomic.Bool
	counts counts

	mu     sync.Mutex
	books  Books
	done   map[string]int
	missed map[string]int
}

// Run disturbs a system while users work with it, and balances the books. An error
// means that the run itself could not be carried out; what it found is in the report.
func Run(ctx context.Context, system System, c Config) (Report, error) {
	d := &driver{Config: c, system: system, say: sayTo(c.Output), done: map[string]int{}, missed: map[string]int{}}
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
	for _, u := range d.users { // a stream tells what happens after its beginning
		begun := make(chan struct{})
		listeners.Go(func() { d.listen(listening, u, begun) })
		select {
		case <-begun:
		case <-time.After(patience):
			return Report{}, errors.New("no stream of events begins")
		}
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

// sayTo returns what writes a line to w, with the time of day.
func sayTo(w io.Writer) func(format string, args ...any) {
	return func(format string, args ...any) {
		fmt.Fprintf(w, "%s "+format+"\n", append([]any{time.Now().Format("15:04:05")}, args...)...)
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
		err := atLast(ctx, func() error { // a link works once, so each attempt has its own
			link, err := d.system.Link(ctx, name)
			if err != nil {
				return err
			}
			return u.page.signIn(ctx, link)
		})
		if err != nil {
			return fmt.Errorf("signing %s in: %w", name, err)
		}
		err = atLast(ctx, func() error {
			_, err := u.rest.call(ctx, "user_settings", fields{"add_channel": d.hook.url + "/" + name})
			return err
		})
		if err != nil {
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
