package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// user works over all three ways at once, with one worker for each.
type user struct {
	account *Account
	token   string
	stream  *client
	mcp     mcp
	rest    rest
	page    page

	mu      sync.Mutex
	waiting []*Entry // recurring tasks that were completed and whose successor is to come
}

// worker does one thing after the other. Which ones follows from its own random
// numbers, so that two runs of a seed try the same.
type worker struct {
	*driver
	user   *user
	number int
	random *rand.Rand
	made   int // marks
}

// counts is what was done, for the report.
type counts struct {
	calls, attempts, pried atomic.Int64
}

// pace is the time between two stories of a worker, on average.
const pace = 300 * time.Millisecond

// work goes on until the run stops beginning anything new.
func (w *worker) work(ctx context.Context) {
	for ctx.Err() == nil && !w.enough.Load() {
		w.story(ctx)
		w.pause(ctx, pace/2+time.Duration(w.random.Int64N(int64(pace))))
	}
}

func (w *worker) pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// consonants are letters that make no words, in no language that dates are written in.
const consonants = "bcdfghjkmnpqrstvwxz"

// mark is text that is nowhere else: the user's word, and one of its own.
func (w *worker) mark() string {
	w.made++
	name := make([]byte, 0, 12)
	for n := w.number*1_000_000 + w.made; len(name) < 9; n /= len(consonants) {
		name = append(name, consonants[n%len(consonants)])
	}
	return w.user.account.Word + " " + string(name)
}

// way picks one over which the operation can go.
func (w *worker) way(operation string, arguments fields) way {
	switch n := w.random.IntN(10); {
	case n < 3 && w.user.page.does(operation, arguments):
		return w.user.page
	case n < 6:
		return w.user.rest
	}
	return w.user.mcp
}

// outcome is what became of a call that was repeated until there was an answer.
type outcome struct {
	answer   answer
	refused  *refusal
	attempts int
	way      string
}

// doubtful tells whether an attempt may still be carried out after the answer.
func (o outcome) doubtful() bool { return o.attempts > 1 }

func (o outcome) change(kind Kind, mark string) Change {
	return Change{Kind: kind, Mark: mark, Way: o.way, At: time.Now(), Attempts: o.attempts}
}

// insist repeats a call until there is an answer. ok is false when there was none until
// the end of all patience, or one that is no success; then that is on record, but for
// the codes that are accepted.
func (w *worker) insist(ctx context.Context, taskID int64, operation string, arguments fields, accepted ...string) (o outcome, ok bool) {
	over := w.way(operation, arguments)
	return w.insistOver(ctx, over, taskID, operation, arguments, accepted...)
}

func (w *worker) insistOver(ctx context.Context, over way, taskID int64, operation string, arguments fields, accepted ...string) (o outcome, ok bool) {
	o.way = over.name()
	w.counts.calls.Add(1)
	pause := 100 * time.Millisecond
	for {
		o.attempts++
		w.counts.attempts.Add(1)
		var err error
		o.answer, err = over.call(ctx, operation, arguments)
		if err == nil {
			return o, true
		}
		if errors.As(err, &o.refused) && !errors.As(err, new(passing)) {
			if isCode(err, accepted...) {
				return o, false
			}
			w.refuse(taskID, o.way+" "+operation, fmt.Sprintf("attempt %d: %v", o.attempts, err))
			return o, false
		}
		o.refused = nil
		if ctx.Err() != nil {
			w.refuse(taskID, o.way+" "+operation, fmt.Sprintf("no answer after %d attempts, the last: %v", o.attempts, err))
			return o, false
		}
		w.pause(ctx, pause)
		pause = min(2*pause, 2*time.Second)
	}
}

func (w *worker) refuse(taskID int64, what, why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.books.Refused = append(w.books.Refused, Refusal{w.user.account.Name, taskID, what, why, time.Now()})
	w.say("refused: %s of %s, task %d: %s", what, w.user.account.Name, taskID, why)
}

// enter begins the record of a task.
func (w *worker) enter(e *Entry, first Change) *Entry {
	w.mu.Lock()
	defer w.mu.Unlock()
	e.Changes = append(e.Changes, first)
	w.user.account.Entries = append(w.user.account.Entries, e)
	return e
}

// note records an acknowledged change.
func (w *worker) note(e *Entry, c Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e.Changes = append(e.Changes, c)
}

// expect records which reminders are to come.
func (w *worker) expect(e *Entry, reminders int, atMost bool, cause string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e.Reminders, e.AtMostSoMany, e.ReminderCause = reminders, atMost, cause
}
