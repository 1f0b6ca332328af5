package history_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/fault"
	"tickler/internal/history"
	"tickler/internal/input"
	"tickler/internal/journal"
	"tickler/internal/task"
)

var thePerson = journal.Actor{Kind: journal.Person, Name: "ann", Transport: journal.Page}

// comment changes the comments of a task on behalf of an actor, in a call of its own.
func (b *bundle) comment(by journal.Actor, taskID int64, in task.CommentInput) (call string, err error) {
	ctx, call := b.call(by)
	_, err = b.tasks.Update(ctx, b.ann, task.UpdateInput{TaskID: taskID, Comment: input.Some(in)})
	return call, err
}

func (b *bundle) comments(t *testing.T, taskID int64) []task.Comment {
	t.Helper()
	found, total, err := b.tasks.Comments(b.ctx, b.ann, taskID, 0)
	require.NoError(t, err)
	require.GreaterOrEqual(t, total, len(found))
	return found
}

func (b *bundle) undoBy(by journal.Actor, call string) (history.Undoing, error) {
	ctx, _ := b.call(by)
	return b.changes.Undo(ctx, b.ann, history.UndoInput{CallID: call})
}

func TestChangesOfCommentsAreTakenBack(t *testing.T) {
	for name, in := range map[string]func(id int64) task.CommentInput{
		"adding": func(int64) task.CommentInput {
			return task.CommentInput{Text: "new", URL: "https://example.com", Title: "x"}
		},
		"changing": func(id int64) task.CommentInput { return task.CommentInput{ID: id, Text: "other"} },
		"to a link": func(id int64) task.CommentInput {
			return task.CommentInput{ID: id, URL: "https://example.com/b", Kind: task.Commit}
		},
		"deleting": func(id int64) task.CommentInput { return task.CommentInput{ID: id, Delete: true} },
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			of := b.add(t, title("one")).ID
			_, err := b.comment(laptop, of, task.CommentInput{Text: "was", URL: "https://example.com/a", Title: "A", Kind: task.Result})
			require.NoError(t, err)
			id, before := b.comments(t, of)[0].ID, b.state(t)
			call, err := b.comment(laptop, of, in(id))
			require.NoError(t, err)
			after := b.state(t)
			require.NotEqual(t, before, after)

			_, err = b.undoBy(phone, call)
			requireCode(t, err, fault.Conflict, "only who wrote it and the person")
			require.Equal(t, after, b.state(t))
			for _, by := range []journal.Actor{laptop, thePerson} {
				undone, err := b.undoBy(by, call)
				require.NoError(t, err)
				require.Equal(t, 1, undone.Count)
				require.Equal(t, before, b.state(t))
				again, err := b.undoBy(by, call)
				require.NoError(t, err)
				require.Positive(t, again.Already)
				redone, err := b.undoBy(by, undone.CallID.String())
				require.NoError(t, err)
				require.Equal(t, after, b.state(t), "an undo that is undone")
				call = redone.CallID.String()
				_, err = b.undoBy(by, call)
				require.NoError(t, err)
				_, err = b.undoBy(by, call)
				require.NoError(t, err)
				require.Equal(t, before, b.state(t))
				call, err = b.comment(laptop, of, in(id))
				require.NoError(t, err)
				after = b.state(t)
			}
		})
	}
}

func TestCommentThatChangedSinceStandsInTheWay(t *testing.T) {
	b := setup(t)
	of := b.add(t, title("one")).ID
	first, err := b.comment(laptop, of, task.CommentInput{Text: "one"})
	require.NoError(t, err)
	id := b.comments(t, of)[0].ID
	_, err = b.comment(thePerson, of, task.CommentInput{ID: id, Text: "two"})
	require.NoError(t, err)
	_, err = b.undoBy(laptop, first)
	requireCode(t, err, fault.Conflict, "changed since")

	// A comment stands in the way of no change of its task.
	change := b.do(t, func(ctx context.Context) error { return b.update(ctx, of, title("other")) })
	_, err = b.comment(phone, of, task.CommentInput{Text: "three"})
	require.NoError(t, err)
	b.undo(t, change)
}

func TestOnlyItsAuthorAndThePersonChangeAComment(t *testing.T) {
	b := setup(t)
	of, other := b.add(t, title("one")).ID, b.add(t, title("two")).ID
	_, err := b.comment(laptop, of, task.CommentInput{Text: "mine"})
	require.NoError(t, err)
	c := b.comments(t, of)[0]
	require.Equal(t, "laptop", c.Author)
	require.Equal(t, string(journal.Agent), c.AuthorKind)
	namesake := laptop
	namesake.TokenID = 99
	for _, by := range []journal.Actor{phone, namesake} {
		for _, in := range []task.CommentInput{{ID: c.ID, Text: "changed"}, {ID: c.ID, Delete: true}} {
			_, err = b.comment(by, of, in)
			requireCode(t, err, fault.Forbidden, "written by another")
		}
	}
	_, err = b.comment(phone, of, task.CommentInput{ID: c.ID, Text: "changed"})
	var refused *fault.Error
	require.ErrorAs(t, err, &refused)
	_, err = b.comment(phone, of, task.CommentInput{ID: c.ID + 1000, Text: "changed"})
	var absent *fault.Error
	require.ErrorAs(t, err, &absent)
	require.Equal(t, absent.Code, refused.Plain().Code, "who may not read is not told which ids there are")
	require.Equal(t, strings.ReplaceAll(absent.Message, fmt.Sprint(c.ID+1000), fmt.Sprint(c.ID)), refused.Plain().Message)
	for text, in := range map[string]task.CommentInput{
		"says nothing": {Text: "\u200b"}, "U+202E": {URL: "https://example.com\u202emoc"}, "is no address of the web": {URL: "ftp://example.com"},
	} {
		_, err = b.comment(laptop, of, in)
		requireCode(t, err, fault.InvalidInput, text)
	}
	_, err = b.comment(laptop, other, task.CommentInput{ID: c.ID, Text: "elsewhere"})
	requireCode(t, err, fault.NotFound, "no comment")
	_, err = b.comment(laptop, of, task.CommentInput{Delete: true})
	requireCode(t, err, fault.InvalidInput, "needs an id")

	ctx, _ := b.call(laptop)
	for _, in := range []task.CommentInput{{Text: "bob's"}, {ID: c.ID, Text: "bob's"}, {ID: c.ID, Delete: true}} {
		_, err = b.tasks.Update(ctx, b.bob, task.UpdateInput{TaskID: of, Comment: input.Some(in)})
		requireCode(t, err, fault.NotFound, "no task")
	}
	found, total, err := b.tasks.Comments(b.ctx, b.bob, of, 0)
	require.NoError(t, err)
	require.Empty(t, found)
	require.Zero(t, total)

	_, err = b.comment(thePerson, of, task.CommentInput{ID: c.ID, Text: "by the person"})
	require.NoError(t, err)
	require.Equal(t, "by the person", b.comments(t, of)[0].Text)
	require.Equal(t, "laptop", b.comments(t, of)[0].Author, "its author stays")
	_, err = b.comment(thePerson, of, task.CommentInput{ID: c.ID, Delete: true})
	require.NoError(t, err)
	require.Empty(t, b.comments(t, of))
}

func TestCommentIsToldOnceAndDoesNotChangeItsTask(t *testing.T) {
	b := setup(t)
	of := b.add(t, title("one"))
	_, err := b.comment(laptop, of.ID, task.CommentInput{Text: "done <b>", URL: "https://example.com/1", Kind: task.Commit})
	require.NoError(t, err)
	c := b.comments(t, of.ID)[0]
	for _, in := range []task.CommentInput{{ID: c.ID, Text: "other"}, {ID: c.ID, Text: "other"}, {ID: c.ID, Delete: true}} {
		_, err := b.comment(laptop, of.ID, in)
		require.NoError(t, err)
	}
	told := event.Change{Type: event.TaskCommented, UserID: b.ann.UserID, TaskID: of.ID}
	var queued []string
	require.NoError(t, b.pool.QueryRow(b.ctx, `
		SELECT event_id, at, version, after, ARRAY(SELECT topic FROM outbox o WHERE o.id = j.id)
		FROM journal j WHERE event_type = $1`, told.Type).Scan(&told.EventID, &told.At, &told.TaskVersion, &told.Fields, &queued))
	require.Equal(t, []string{event.TopicTaskEvents}, queued)
	var events int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM journal WHERE event_type = $1`, told.Type).Scan(&events))
	require.Equal(t, 1, events)
	content, err := told.Data()
	require.NoError(t, err)
	require.NoError(t, event.Validate(told.Type, content))
	var data event.Commented
	require.NoError(t, json.Unmarshal(content, &data))
	require.Equal(t, event.CommentedFields{Title: "one", CommentID: c.ID, Author: "laptop", AuthorKind: "agent", Text: "done <b>", URL: "https://example.com/1", LinkKind: "commit"}, data.CommentedFields)
	after, err := b.tasks.Get(b.ctx, b.ann, of.ID)
	require.NoError(t, err)
	require.Equal(t, of.Version, after.Version)

	listed, err := b.changes.List(b.ctx, b.ann, history.ListInput{Object: journal.Comment})
	require.NoError(t, err)
	require.Len(t, listed.Changes, 3, "a change that changes nothing is none")
	require.Equal(t, "one", listed.Names.Tasks[history.Commented(listed.Changes[0].Entry)])
}

func TestCommentThatFailsLeavesNothing(t *testing.T) {
	b := setup(t)
	of := b.add(t, title("one")).ID
	before := b.state(t)
	ctx, _ := b.call(laptop)
	_, err := b.tasks.Edit(ctx, b.ann, task.EditInput{UpdateInput: task.UpdateInput{TaskID: of, Fields: title("two"), Comment: input.Some(task.CommentInput{URL: "javascript:x"})}})
	requireCode(t, err, fault.InvalidInput, "web")
	require.Equal(t, before, b.state(t))
}

func TestTaskHasAThousandCommentsAtMost(t *testing.T) {
	b := setup(t)
	of := b.add(t, title("one")).ID
	_, err := b.pool.Exec(b.ctx, `
		INSERT INTO comments (user_id, task_id, author_kind, author, content, created_at, updated_at)
		SELECT $1, $2, 'agent', 'x', 'c' || n, now(), now() FROM generate_series(1, $3) n`, b.ann.UserID, of, task.MaxComments-1)
	require.NoError(t, err)
	_, err = b.comment(laptop, of, task.CommentInput{Text: "the last"})
	require.NoError(t, err)
	_, err = b.comment(laptop, of, task.CommentInput{Text: "one more"})
	requireCode(t, err, fault.LimitExceeded, "1000 comments")
	latest, total, err := b.tasks.Comments(b.ctx, b.ann, of, 0)
	require.NoError(t, err)
	require.Len(t, latest, task.LatestComments)
	require.Equal(t, task.MaxComments, total)
	require.Equal(t, "the last", latest[0].Text)
	older, _, err := b.tasks.Comments(b.ctx, b.ann, of, latest[2].ID)
	require.NoError(t, err)
	require.Len(t, older, task.MaxCommentPage)
	require.Less(t, older[0].ID, latest[2].ID)
}

func TestUndoPutsNoMoreCommentsOnATaskThanItMayHave(t *testing.T) {
	b := setup(t)
	of := b.add(t, title("one")).ID
	_, err := b.comment(laptop, of, task.CommentInput{Text: "first"})
	require.NoError(t, err)
	id := b.comments(t, of)[0].ID
	_, err = b.pool.Exec(b.ctx, `
		INSERT INTO comments (user_id, task_id, author_kind, author, content, created_at, updated_at)
		SELECT $1, $2, 'agent', 'x', 'c' || n, now(), now() FROM generate_series(1, $3) n`, b.ann.UserID, of, task.MaxComments-1)
	require.NoError(t, err)
	deletion, err := b.comment(laptop, of, task.CommentInput{ID: id, Delete: true})
	require.NoError(t, err)
	another, err := b.comment(laptop, of, task.CommentInput{Text: "in its place"})
	require.NoError(t, err)
	_, err = b.undoBy(laptop, deletion)
	requireCode(t, err, fault.Conflict, "1000 comments")
	_, total, err := b.tasks.Comments(b.ctx, b.ann, of, 0)
	require.NoError(t, err)
	require.Equal(t, task.MaxComments, total)
	_, err = b.undoBy(laptop, another)
	require.NoError(t, err)
	_, err = b.undoBy(laptop, deletion)
	require.NoError(t, err)
}

func TestCommentIsTakenBackByTheChangeOfItsTask(t *testing.T) {
	b := setup(t)
	of := b.add(t, title("one")).ID
	before := b.state(t)
	_, err := b.comment(laptop, of, task.CommentInput{Text: "new"})
	require.NoError(t, err)
	var change int64
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT id FROM journal WHERE action = 'commented' AND object_id = $1`, of).Scan(&change))
	ctx, _ := b.call(laptop)
	foreseen, err := b.changes.Undo(ctx, b.ann, history.UndoInput{ChangeID: change, DryRun: true})
	require.NoError(t, err)
	require.Equal(t, 1, foreseen.Count)
	require.Len(t, b.comments(t, of), 1)
	undone, err := b.changes.Undo(ctx, b.ann, history.UndoInput{ChangeID: change})
	require.NoError(t, err)
	require.Equal(t, 1, undone.Count)
	require.Equal(t, before, b.state(t))
	again, err := b.changes.Undo(ctx, b.ann, history.UndoInput{ChangeID: change})
	require.NoError(t, err)
	require.Equal(t, 1, again.Already)
}

// An occurrence that somebody commented on is not taken back with the completion that
// made it.
func TestCommentedOccurrenceIsNotTakenBack(t *testing.T) {
	b := setup(t)
	add := func() (done, next int64, call string) {
		done = b.add(t, task.Fields{Title: input.Some("daily"), DueDate: input.Some("2026-03-02T10:00"), RecurrenceRule: input.Some("daily")}).ID
		call = b.do(t, func(ctx context.Context) error { return b.complete(ctx, done) })
		b.recur(t)
		require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT id FROM tasks WHERE previous_task_id = $1`, done).Scan(&next))
		_, err := b.comment(phone, next, task.CommentInput{Text: "keep me"})
		require.NoError(t, err)
		return done, next, call
	}
	done, next, call := add()
	_, err := b.undoBy(thePerson, call)
	requireCode(t, err, fault.Conflict, "has comments")
	ctx, _ := b.call(laptop)
	reopened, err := b.tasks.Reopen(ctx, b.ann, done)
	require.NoError(t, err)
	require.NotNil(t, reopened.KeptSuccessor)
	require.Len(t, b.comments(t, next), 1)
}

func TestCommentGoesWithItsTask(t *testing.T) {
	b := setup(t)
	of := b.add(t, title("one")).ID
	call, err := b.comment(laptop, of, task.CommentInput{Text: "x"})
	require.NoError(t, err)
	ctx, _ := b.call(laptop)
	_, err = b.tasks.Delete(ctx, b.ann, of)
	require.NoError(t, err)
	_, err = b.comment(laptop, of, task.CommentInput{Text: "to nobody"})
	requireCode(t, err, fault.NotFound, "is deleted")
	_, err = b.pool.Exec(b.ctx, `DELETE FROM tasks WHERE id = $1`, of)
	require.NoError(t, err)
	var left int
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM comments WHERE task_id = $1`, of).Scan(&left))
	require.Zero(t, left)
	_, err = b.undoBy(laptop, call)
	var e *fault.Error
	require.True(t, errors.As(err, &e), fmt.Sprint(err))
	require.Contains(t, e.Error(), "gone with its task")
}
