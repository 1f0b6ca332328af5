package chaos

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// story does something to a task, or a few, from the beginning to its end. After an
// answer that took several attempts, an earlier one may still be carried out later by
// a process that was frozen; then nothing more is done to that task, so that its end
// is known all the same.
func (w *worker) story(ctx context.Context) {
	stories := []struct {
		weight int
		tell   func(context.Context)
	}{
		{6, w.plain}, {5, w.recurring}, {4, w.continued}, {4, w.reminded}, {2, w.disarmed}, {2, w.moved},
		{2, w.tree}, {2, w.raced}, {2, w.undone}, {1, w.unfiled}, {4, w.read}, {2, w.pry},
	}
	total := 0
	for _, s := range stories {
		total += s.weight
	}
	n := w.random.IntN(total)
	for _, s := range stories {
		if n -= s.weight; n < 0 {
			s.tell(ctx)
			return
		}
	}
}

// add adds a task; nil when that did not succeed.
func (w *worker) add(ctx context.Context, story string, more fields) *Entry {
	title := w.mark()
	task := fields{"title": title, "idempotency_key": title}
	for name, value := range more {
		task[name] = value
	}
	o, ok := w.insist(ctx, 0, "add_task", task)
	if !ok {
		return nil
	}
	return w.enter(&Entry{ID: o.answer.Task.ID, Story: story, Recurs: more["recurrence_rule"] != nil}, o.change(Added, title))
}

// rename gives a task another title, on the condition that it still is as it was seen.
func (w *worker) rename(ctx context.Context, e *Entry) bool {
	title := w.mark()
	attempts := 0
	for {
		seen, ok := w.insistOver(ctx, w.user.rest, e.ID, "get_task", fields{"task_id": e.ID})
		if !ok {
			return false
		}
		if seen.answer.Task.Title == title { // by an attempt whose answer was lost
			w.note(e, Change{Kind: Renamed, Mark: title, Way: "any", At: time.Now(), Attempts: attempts})
			return true
		}
		change := fields{"task_id": e.ID, "title": title, "if_version": seen.answer.Task.Version}
		over := w.way("update_task", change)
		w.counts.attempts.Add(1)
		attempts++
		_, err := over.call(ctx, "update_task", change)
		switch {
		case err == nil:
			w.counts.calls.Add(1)
			w.note(e, Change{Kind: Renamed, Mark: title, Way: over.name(), At: time.Now(), Attempts: attempts})
			return true
		case isCode(err, "CONFLICT") || errors.As(err, new(passing)):
			if ctx.Err() == nil {
				w.pause(ctx, 200*time.Millisecond)
				continue
			}
		}
		w.refuse(e.ID, over.name()+" update_task", fmt.Sprintf("attempt %d: %v", attempts, err))
		return false
	}
}

// do changes the state of a task. It returns false when nothing more may be done to it.
func (w *worker) do(ctx context.Context, e *Entry, operation string, kind Kind) bool {
	o, ok := w.insist(ctx, e.ID, operation, fields{"task_id": e.ID}, w.repeated(operation)...)
	if !ok && (o.refused == nil || !o.doubtful()) {
		return false
	}
	w.note(e, o.change(kind, ""))
	return !o.doubtful()
}

// repeated lists how an operation is refused whose first attempt was carried out, and
// whose answer was lost.
func (w *worker) repeated(operation string) []string {
	if operation == "delete_task" { // a deleted task does not exist
		return []string{"NOT_FOUND"}
	}
	return nil
}

func (w *worker) complete(ctx context.Context, e *Entry) bool {
	return w.do(ctx, e, "complete_task", Completed)
}

func (w *worker) plain(ctx context.Context) {
	var more fields
	if w.random.IntN(2) == 0 {
		more = fields{"priority": "high", "tags": []string{"home", "errand"}[:1+w.random.IntN(2)], "description": w.mark()}
	}
	e := w.add(ctx, "plain", more)
	if e == nil {
		return
	}
	for range w.random.IntN(3) {
		if !w.rename(ctx, e) {
			return
		}
	}
	if w.random.IntN(3) == 0 {
		if o, ok := w.insist(ctx, e.ID, "add_tag_to_task", fields{"task_id": e.ID, "tag": "later"}); !ok {
			return
		} else if w.note(e, o.change(Altered, "")); o.doubtful() {
			return
		}
	}
	switch w.random.IntN(5) {
	case 0:
		w.complete(ctx, e)
	case 1:
		_ = w.complete(ctx, e) && w.do(ctx, e, "reopen_task", Reopened) && w.rename(ctx, e)
	case 2:
		w.do(ctx, e, "delete_task", Deleted)
	case 3:
		_ = w.do(ctx, e, "delete_task", Deleted) && w.do(ctx, e, "reopen_task", Restored) && w.complete(ctx, e)
	}
}

func (w *worker) series() fields {
	due := "2026-01-02T03:04:05Z"
	if w.random.IntN(2) == 0 {
		due = time.Now().Add(72 * time.Hour).UTC().Format(time.RFC3339)
	}
	return fields{"due_date": due, "recurrence_rule": []string{"daily", "weekly", "monthly"}[w.random.IntN(3)], "reminder_offsets": []int{}}
}

func (w *worker) recurring(ctx context.Context) {
	e := w.add(ctx, "recurring", w.series())
	if e == nil || !w.rename(ctx, e) {
		return
	}
	ends := w.complete(ctx, e)
	for ends && w.random.IntN(4) == 0 {
		ends = w.do(ctx, e, "reopen_task", Reopened) && w.complete(ctx, e)
	}
	w.follow(e, ends)
}

// follow leaves the successor of a completed task to a later story.
func (w *worker) follow(e *Entry, certain bool) {
	if !certain || e.count(Completed) != 1 || e.count(Reopened) > 0 { // else which successor it is would not be certain
		return
	}
	w.user.mu.Lock()
	defer w.user.mu.Unlock()
	w.user.waiting = append(w.user.waiting, e)
}

// continued completes the successor of a task that was completed before.
func (w *worker) continued(ctx context.Context) {
	w.user.mu.Lock()
	var before *Entry
	if n := len(w.user.waiting); n > 0 {
		i := w.random.IntN(n)
		before = w.user.waiting[i]
		w.user.waiting[i] = w.user.waiting[n-1]
		w.user.waiting = w.user.waiting[:n-1]
	}
	w.user.mu.Unlock()
	if before == nil {
		w.recurring(ctx)
		return
	}
	id := w.bus.successor(before.ID)
	if id == 0 { // it is still to come, as long as the broker or recurrer is away
		w.follow(before, true)
		return
	}
	e := w.enter(&Entry{ID: id, Story: "continued", Recurs: true, Follows: before.ID},
		Change{Kind: Added, Mark: before.Title(), Way: "recurrer", At: time.Now()})
	if w.random.IntN(2) == 0 && !w.rename(ctx, e) {
		return
	}
	w.follow(e, w.complete(ctx, e))
}

func (w *worker) soon() string {
	return time.Now().Add(time.Duration(2+w.random.IntN(40)) * time.Second).UTC().Format(time.RFC3339)
}

// reminded lets a reminder come.
func (w *worker) reminded(ctx context.Context) {
	if e := w.add(ctx, "reminded", fields{"due_date": w.soon(), "reminder_offsets": []int{0}}); e != nil {
		w.expect(e, 1, false, "due")
	}
}

// disarmed ends a task before or after its reminder.
func (w *worker) disarmed(ctx context.Context) {
	e := w.add(ctx, "disarmed", fields{"due_date": w.soon(), "reminder_offsets": []int{0}})
	if e == nil {
		return
	}
	w.expect(e, 1, true, "due, and ended meanwhile")
	w.pause(ctx, time.Duration(w.random.IntN(4))*time.Second)
	if w.random.IntN(2) == 0 {
		w.complete(ctx, e)
	} else {
		w.do(ctx, e, "delete_task", Deleted)
	}
}

// moved brings a reminder forward that was days away.
func (w *worker) moved(ctx context.Context) {
	e := w.add(ctx, "moved", fields{"due_date": time.Now().Add(48 * time.Hour).UTC().Format(time.RFC3339), "reminder_offsets": []int{0}})
	if e == nil {
		return
	}
	o, ok := w.insist(ctx, e.ID, "update_task", fields{"task_id": e.ID, "due_date": w.soon()})
	if !ok {
		w.expect(e, 1, true, "moved, perhaps")
		return
	}
	w.note(e, o.change(Altered, ""))
	w.expect(e, 1, false, "moved")
}
