package repository

import (
	"context"
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"tickler/internal/fault"
	"tickler/internal/task"
)

const (
	// countFresh is how long a count may be used.
	countFresh = time.Minute
	// fullFresh is how long a user without room is refused without a new count.
	// Deleting tasks through this replica makes room at once.
	fullFresh = time.Second
	// inFlight is more than the concurrent additions of one user, which a count does
	// not see.
	inFlight = 64
	// growth is more than the tasks one user can add while a count is fresh.
	growth = 50_000
	// countedUsers is how many users' counts are kept.
	countedUsers = 10_000
)

// room keeps each user's tasks within a limit. Together with deleted tasks, which
// are kept for a while, a user may have twice as many.
//
// Additions are not counted one by one, because all additions of a user would then
// write the same row. Since a count was taken at some id, it can have grown by no
// more than the number of ids drawn since, by any user. So an addition compares its
// own id, and counts again only if the limit could be exceeded.
type room struct {
	limit int64 // 0: none
	known *lru.Cache[int64, count]
}

// count is how many tasks a user had.
type count struct {
	open   int64 // tasks that are not deleted
	all    int64
	lastID int64 // an id drawn before the count was taken
	at     time.Time
	full   bool
}

func newRoom(limit int) *room {
	known, err := lru.New[int64, count](countedUsers)
	if err != nil {
		panic(err) // the size is a constant
	}
	return &room{limit: int64(limit), known: known}
}

// LimitTasks sets how many tasks a user may have; 0 is no limit. It applies to calls
// only: completing an occurrence promises the next one, so that is created
// regardless.
func (r *Repository) LimitTasks(limit int) { r.room = newRoom(limit) }

// refused is the error for a user who had no room a moment ago.
func (r *room) refused(userID int64) error {
	if c, known := r.known.Get(userID); r.limit > 0 && known && c.full && time.Since(c.at) < fullFresh {
		return r.exceeded(c)
	}
	return nil
}

// afterInsert fails if the task with this id, which the transaction has just
// inserted, is one too many.
func (r *room) afterInsert(ctx context.Context, tx *userTx, id int64) error {
	if r.limit <= 0 {
		return nil
	}
	if c, known := r.known.Get(tx.userID); known && time.Since(c.at) < countFresh {
		grown := max(0, id-c.lastID) + inFlight
		if c.open+grown <= r.limit && c.all+grown <= 2*r.limit {
			return nil
		}
	}
	return r.count(ctx, tx, id, 0)
}

// beforeRestore fails if there is no room for a deleted task to come back.
func (r *room) beforeRestore(ctx context.Context, tx *userTx) error {
	if r.limit <= 0 {
		return nil
	}
	return r.count(ctx, tx, 0, 1)
}

// beforeCompletion fails if there is no room for the next occurrence. A next
// occurrence may exceed the limit, since it must not be lost, but not twice the
// limit.
func (r *room) beforeCompletion(ctx context.Context, tx *userTx) error {
	if r.limit <= 0 {
		return nil
	}
	c, known := r.known.Get(tx.userID)
	if known && time.Since(c.at) < countFresh && c.all+growth <= 2*r.limit {
		return nil
	}
	c, err := r.read(ctx, tx)
	if err == nil && c.all >= 2*r.limit {
		return r.exceeded(c)
	}
	return err
}

// count counts a user's tasks and reports whether that many more may be added. Close
// to the limit, additions wait while it counts.
func (r *room) count(ctx context.Context, tx *userTx, lastID, more int64) error {
	c, err := r.read(ctx, tx)
	if err == nil && (c.open+more+inFlight > r.limit || c.all+inFlight > 2*r.limit) {
		if err = tx.lockUser(ctx, true); err == nil {
			c, err = r.read(ctx, tx)
		}
	}
	if err != nil {
		return err
	}
	c.lastID, c.at = lastID, time.Now()
	if more > 0 { // there is no id for which this count is valid
		r.known.Remove(tx.userID)
	}
	if c.open+more > r.limit || c.all > 2*r.limit {
		c.full = true
		r.known.Add(tx.userID, c)
		return r.exceeded(c)
	}
	if more == 0 {
		r.known.Add(tx.userID, c)
	}
	return nil
}

func (r *room) read(ctx context.Context, tx *userTx) (c count, err error) {
	err = tx.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM tasks WHERE user_id = $1 AND deleted_at IS NULL), (SELECT count(*) FROM tasks WHERE user_id = $1)`,
		tx.userID).Scan(&c.open, &c.all)
	return c, err
}

// changed drops the count after a task was deleted.
func (r *room) changed(userID int64, kind task.ChangeKind) {
	if kind == task.Deleted {
		r.known.Remove(userID)
	}
}

func (r *room) exceeded(c count) error {
	if c.all >= 2*r.limit {
		return &fault.Error{
			Code: fault.LimitExceeded, Message: fmt.Sprintf("together with those that were deleted in the last 30 days you have %d tasks, the most allowed; nothing was changed", 2*r.limit),
			Hint: "deleted tasks go for good after 30 days, which makes room; or ask the operator for a higher TICKLER_USER_TASKS",
		}
	}
	return &fault.Error{
		Code: fault.LimitExceeded, Message: fmt.Sprintf("you have %d tasks, the most allowed; nothing was changed", r.limit),
		Hint: "delete_task or update_tasks with the action delete makes room, for example of completed tasks; or ask the operator for a higher TICKLER_USER_TASKS",
	}
}
