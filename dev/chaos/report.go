package chaos

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
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
