package repository

import (
	"context"
	"fmt"

	"tickler/internal/history"
	"tickler/internal/journal"
	"tickler/internal/label"
	"tickler/internal/person"
)

// undoing tells which entries a transaction takes back, so that its own entries point
// to them.
type undoing struct {
	object   journal.Object
	id       int64 // of the object
	entry    int64
	followed history.Consequences
}

// consequenceColumns are consequences as the arrays that a statement takes.
type consequenceColumns struct {
	tasks, entries []int64
	versions       []int
}

func columnsOf(followed history.Consequences) consequenceColumns {
	c := consequenceColumns{tasks: []int64{}, entries: []int64{}, versions: []int{}}
	for id, one := range followed {
		c.tasks, c.entries, c.versions = append(c.tasks, id), append(c.entries, one.Entry), append(c.versions, one.Version)
	}
	return c
}

// of returns the id of the entry that e takes back, or 0.
func (u undoing) of(e entry) int64 {
	switch {
	case u.entry != 0 && e.object == u.object && e.id == u.id:
		return u.entry
	case e.object == journal.Task:
		return u.followed[e.id].Entry
	}
	return 0
}

// because names the change that changed tasks too, as their entries have it in
// restores.
func because(object journal.Object, id int64, action journal.Action) string {
	return fmt.Sprintf("%s %d %s", object, id, action)
}

// lightly is how many changes an undo may take back without a pause.
const lightly = 100

// undoTx is a transaction that takes changes back. If it changes many tasks, it
// observes the pauses.
type undoTx struct {
	*pausedTx
	heavy      bool
	changes    int              // that are taken back
	categories []label.Category // as read last; nil after a change of any
	tags       []label.Tag
}

var _ history.Tx = &undoTx{}

// Undo runs fn in one transaction on a user's data; see history.Store.
func (r *Repository) Undo(ctx context.Context, userID int64, fn func(history.Tx) error) error {
	return r.paused(ctx, userID, func(paused *pausedTx) error {
		paused.roomLater = true
		tx := &undoTx{pausedTx: paused}
		if err := fn(tx); err != nil {
			return err
		}
		if tx.roomNeeded && r.room.limit > 0 {
			return r.room.count(ctx, tx.userTx, 0, 0)
		}
		return nil
	})
}

// many prepares for a change of very many tasks.
func (tx *undoTx) many(ctx context.Context) error {
	if tx.heavy {
		return nil
	}
	tx.heavy = true
	if err := tx.begin(); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, takeTime)
	return err
}

// Settings reads the user's settings.
func (tx *undoTx) Settings(ctx context.Context) (person.Settings, error) {
	return scanSettings(tx.QueryRow(ctx, selectSettings, tx.userID), tx.userID)
}

// Selected finds the changes of a selection; see history.Tx.
func (tx *undoTx) Selected(ctx context.Context, of history.Selection, limit int) ([]history.Ref, error) {
	s := &statement{}
	s.and("user_id = %s", s.arg(tx.userID))
	switch {
	case of.ChangeID != 0:
		s.and("id = %s", s.arg(of.ChangeID))
	case of.Connection != "":
		connection := s.arg(of.Connection)
		s.and("actor_kind <> 'system' AND ("+named("actor", connection)+" OR token_id::text = %s)", connection)
		s.and("at >= %s", s.arg(of.Since))
	default:
		s.and("call_id = %s", s.arg(of.CallID))
	}
	if of.ChangeID == 0 {
		s.and("restores ->> 'because' IS NULL")
	}
	return collect[history.Ref](ctx, tx, fmt.Sprintf(
		`SELECT id, object, object_id, coalesce(token_id, 0) FROM journal %s ORDER BY id DESC LIMIT %d`, s.clause(), limit), s.args...)
}

// Weigh counts changes; an undo of more than lightly is paused.
func (tx *undoTx) Weigh(ctx context.Context, changes int) error {
	if tx.changes += changes; tx.changes > lightly {
		return tx.many(ctx)
	}
	return nil
}

// LockTasks is userTx.LockTasks, unless there are none.
func (tx *undoTx) LockTasks(ctx context.Context, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	return tx.userTx.LockTasks(ctx, ids)
}

// TakeBack makes the next entries of these objects point to the entries that they take
// back.
func (tx *undoTx) TakeBack(e journal.Entry, followed history.Consequences) {
	tx.undoing = undoing{object: e.Object, id: e.ObjectID, entry: e.ID, followed: followed}
}
