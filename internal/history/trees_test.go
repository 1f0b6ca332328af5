package history_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/history"
	"tickler/internal/input"
	"tickler/internal/task"
)

func TestUndoingADeletionByItsChangeBringsBackTheParts(t *testing.T) {
	b := setup(t)
	of := b.world(t)
	before := b.state(t)
	call := b.do(t, func(ctx context.Context) error { return kinds["deleting a tree"](ctx, b, of) })
	for _, e := range b.of(t, call) {
		if e.ObjectID != of["Root"] {
			continue
		}
		done, err := b.try(history.UndoInput{ChangeID: e.ID})
		require.NoError(t, err)
		require.Equal(t, 4, done.Count)
		require.Equal(t, before, b.state(t))
		return
	}
	t.Fatal("there is no change of the root")
}

// Parts are worked off some at a time.
func TestAChangeOfALargeTreeIsUndoneWhole(t *testing.T) {
	b := setup(t)
	root := b.add(t, task.Fields{Title: input.Some("root"), DueDate: input.Some("2026-03-05"), RecurrenceRule: input.Some("daily")}).ID
	above := root
	for n := range 70 {
		part := b.add(t, task.Fields{Title: input.Some(fmt.Sprint("part ", n)), ParentID: input.Some(above)}).ID
		if n == 20 || n == 45 {
			above = part
		}
	}
	before := b.state(t)
	for what, change := range map[string]func(ctx context.Context) error{
		"completing": func(ctx context.Context) error {
			_, err := b.tasks.Complete(ctx, b.ann, task.CompleteInput{TaskID: root, Parts: task.CompleteParts})
			return err
		},
		"deleting": func(ctx context.Context) error {
			_, err := b.tasks.Delete(ctx, b.ann, root)
			return err
		},
	} {
		call := b.do(t, change)
		b.recur(t)
		after := b.state(t)
		done := b.undo(t, call)
		require.Equal(t, 71, done.Count, what)
		b.requireState(t, before, what)
		again := b.undo(t, done.CallID.String())
		b.recur(t)
		require.Equal(t, alive(after), alive(b.state(t)), what)
		b.undo(t, again.CallID.String())
		b.requireState(t, before, what)
	}
	b.do(t, func(ctx context.Context) error {
		_, err := b.tasks.Delete(ctx, b.ann, root)
		return err
	})
	reopened, err := b.tasks.Reopen(b.ctx, b.ann, root)
	require.NoError(t, err)
	require.Equal(t, 70, reopened.Parts)
	b.requireState(t, before, "restoring")
}

func TestAdditionIsNotUndoneWhileItHasPartsOfOthers(t *testing.T) {
	b := setup(t)
	var root int64
	call := b.do(t, func(ctx context.Context) error {
		added, err := b.tasks.Add(ctx, b.ann, task.AddInput{Fields: title("root")})
		root = added.Task.ID
		return err
	})
	b.add(t, task.Fields{Title: input.Some("part"), ParentID: input.Some(root)})
	_, err := b.try(history.UndoInput{CallID: call})
	requireCode(t, err, fault.Conflict, "it has parts that came since")
}

func TestAMoveIsNotUndoneUnderWhatIsGone(t *testing.T) {
	b := setup(t)
	root := b.add(t, title("root")).ID
	part := b.add(t, task.Fields{Title: input.Some("part"), ParentID: input.Some(root)}).ID
	call := b.do(t, func(ctx context.Context) error {
		return b.update(ctx, part, task.Fields{ParentID: input.Null[int64]()})
	})
	_, err := b.tasks.Delete(b.ctx, b.ann, root)
	require.NoError(t, err)
	_, err = b.try(history.UndoInput{CallID: call})
	requireCode(t, err, fault.Conflict, "no task")
}

// row is a task as it is stored.
type row struct {
	ID             int64
	Parent         *int64
	BlockedBy      []int64
	Done, Gone     bool
	Held, Starting bool
	Blocked        *string // the last of the events task.blocked and task.unblocked
}

func (b *bundle) rows(t *testing.T) map[int64]row {
	t.Helper()
	found, err := b.pool.Query(b.ctx, `
		SELECT id, parent_id, coalesce(blocked_by, '{}'), completed, deleted_at IS NOT NULL, waiting_for IS NOT NULL, coalesce(start_date > $2, false),
		       (SELECT action FROM journal j WHERE j.object_id = t.id AND j.object = 'task' AND action IN ('blocked', 'unblocked') ORDER BY j.id DESC LIMIT 1)
		FROM tasks t WHERE user_id = $1`, b.ann.UserID, b.now)
	require.NoError(t, err)
	all, err := pgx.CollectRows(found, pgx.RowToStructByPos[row])
	require.NoError(t, err)
	rows := map[int64]row{}
	for _, one := range all {
		rows[one.ID] = one
	}
	return rows
}

// oracle tells the titles of the tasks that are ready, by looking at every task for
// every task. It requires that no part is left alone and that nothing is in a circle.
func (b *bundle) oracle(t *testing.T) (ready []int64) {
	t.Helper()
	rows := b.rows(t)
	isOpen := func(r row) bool { return !r.Done && !r.Gone }
	var needs func(id int64, path []int64)
	needs = func(id int64, path []int64) {
		require.NotContains(t, path, id, "a circle")
		path = append(path, id)
		for _, other := range rows {
			if slices.Contains(rows[id].BlockedBy, other.ID) || other.Parent != nil && *other.Parent == id {
				needs(other.ID, path)
			}
		}
	}
	for _, r := range rows {
		if r.Parent != nil && !r.Gone {
			parent, there := rows[*r.Parent]
			require.True(t, there && !parent.Gone, "task %d is left alone", r.ID)
		}
		needs(r.ID, nil)
		blocked := slices.ContainsFunc(r.BlockedBy, func(id int64) bool { return isOpen(rows[id]) })
		if isOpen(r) {
			require.Equal(t, blocked, r.Blocked != nil && *r.Blocked == "blocked", "task %d: the last event tells whether it is blocked", r.ID)
		}
		hasOpen := false
		for _, other := range rows {
			hasOpen = hasOpen || other.Parent != nil && *other.Parent == r.ID && isOpen(other)
		}
		if isOpen(r) && !r.Held && !r.Starting && !blocked && !hasOpen {
			ready = append(ready, r.ID)
		}
	}
	slices.Sort(ready)
	return ready
}

// Whatever is done to trees, what is ready is what the contract says, nothing is left
// alone, and undoing the last call gives everything back.
func TestTreesStaySoundWhateverIsDone(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			b := setup(t)
			random := rand.New(rand.NewPCG(seed, 20))
			var ids []int64
			any := func() int64 { return ids[random.IntN(len(ids))] }
			for range 6 {
				ids = append(ids, b.add(t, title("root")).ID)
			}
			refused, made := 0, map[string]int{}
			for step := range 120 {
				before := b.state(t)
				var what string
				ctx, call := b.call(laptop)
				err := func() error {
					switch what = []string{"add", "add", "move", "move", "top", "block", "block", "unblock", "complete", "keep", "delete", "restore", "restore", "hold"}[random.IntN(14)]; what {
					case "add":
						f := task.Fields{Title: input.Some(fmt.Sprint("part ", step)), ParentID: input.Some(any())}
						if random.IntN(3) == 0 {
							f.BlockedBy = input.Some([]int64{any(), any()})
						}
						added, err := b.tasks.Add(ctx, b.ann, task.AddInput{Fields: f})
						if err == nil {
							ids = append(ids, added.Task.ID)
						}
						return err
					case "move":
						return b.update(ctx, any(), task.Fields{ParentID: input.Some(any())})
					case "top":
						return b.update(ctx, any(), task.Fields{ParentID: input.Null[int64]()})
					case "block":
						return b.update(ctx, any(), task.Fields{BlockedBy: input.Some([]int64{any(), any()})})
					case "unblock":
						return b.update(ctx, any(), task.Fields{BlockedBy: input.Null[[]int64]()})
					case "hold":
						f := task.Fields{WaitingFor: input.Some("an answer"), StartDate: input.Null[string]()}
						if random.IntN(2) == 0 {
							f = task.Fields{WaitingFor: input.Null[string](), StartDate: input.Some("2030-01-01")}
						}
						return b.update(ctx, any(), f)
					case "complete":
						_, err := b.tasks.Complete(ctx, b.ann, task.CompleteInput{TaskID: any(), Parts: task.CompleteParts})
						return err
					case "keep":
						_, err := b.tasks.Complete(ctx, b.ann, task.CompleteInput{TaskID: any(), Parts: task.KeepParts})
						return err
					case "delete":
						_, err := b.tasks.Delete(ctx, b.ann, any())
						return err
					}
					_, err := b.tasks.Reopen(ctx, b.ann, any())
					return err
				}()
				if err != nil {
					var e *fault.Error
					require.ErrorAs(t, err, &e, what)
					require.Equal(t, before, b.state(t), "refused: nothing changed")
					refused++
					continue
				}
				made[what]++
				want := b.oracle(t)
				yes := true
				found, err := b.store.List(b.ctx, b.ann.UserID, task.Filter{Ready: &yes, Now: b.now}, task.Paging{Sort: task.ByCreatedAt, Limit: 1000})
				require.NoError(t, err)
				got := []int64{}
				for _, hit := range found.Hits {
					require.True(t, hit.Ready(b.now))
					got = append(got, hit.ID)
				}
				slices.Sort(got)
				require.Equal(t, want, append([]int64(nil), got...), "after step %d, %s", step, what)
				if b.state(t) == before || random.IntN(3) > 0 {
					continue
				}
				after := b.state(t)
				done := b.undo(t, call)
				b.oracle(t)
				require.Equal(t, alive(before), alive(b.state(t)), "step %d: undoing %s", step, what)
				if random.IntN(2) == 0 {
					b.undo(t, done.CallID.String())
					b.oracle(t)
					require.Equal(t, alive(after), alive(b.state(t)), "step %d: %s again", step, what)
				}
			}
			t.Logf("%d refused, made %v", refused, made)
			require.Greater(t, len(made), 8)
		})
	}
}

// alive is a state without the tasks that are deleted.
func alive(state string) string {
	lines := strings.Split(state, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool { return strings.Contains(line, `"deleted":true`) }), "\n")
}

func TestOccurrenceThatWasGivenAPartIsNotTakenBack(t *testing.T) {
	b := setup(t)
	done := b.add(t, task.Fields{Title: input.Some("daily"), DueDate: input.Some("2026-03-02T10:00"), RecurrenceRule: input.Some("daily")}).ID
	b.add(t, task.Fields{Title: input.Some("comes with it"), ParentID: input.Some(done)})
	call := b.do(t, func(ctx context.Context) error {
		_, err := b.tasks.Complete(ctx, b.ann, task.CompleteInput{TaskID: done, Parts: task.CompleteParts})
		return err
	})
	b.recur(t)
	var next int64
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT id FROM tasks WHERE previous_task_id = $1`, done).Scan(&next))
	part := b.add(t, task.Fields{Title: input.Some("came to it"), ParentID: input.Some(next)}).ID
	_, err := b.undoBy(thePerson, call)
	requireCode(t, err, fault.Conflict, "has parts that came since")
	_, err = b.tasks.Get(b.ctx, b.ann, part)
	require.NoError(t, err)
}
