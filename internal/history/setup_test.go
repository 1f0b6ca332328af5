package history_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/history"
	"tickler/internal/input"
	"tickler/internal/journal"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// bundle is a system with two users and a clock that the test sets.
type bundle struct {
	ctx      context.Context
	pool     *pgxpool.Pool // of the schema's owner
	store    *repository.Repository
	tasks    *task.Service
	labels   *label.Service
	people   *person.Service
	changes  *history.Service
	ann, bob person.Settings
	now      time.Time
	last     int64 // the highest id of a task in the world that a test begins with
}

// laptop and phone are connections of ann.
var (
	laptop = journal.Actor{Kind: journal.Agent, Name: "laptop", TokenID: 71, Client: "claude", Transport: journal.MCP}
	phone  = journal.Actor{Kind: journal.Agent, Name: "phone", TokenID: 72, Transport: journal.REST}
)

func setup(t *testing.T) *bundle {
	t.Helper()
	t.Parallel()
	b := &bundle{ctx: context.Background(), pool: pgtest.Open(t), now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	b.store = repository.New(pgtest.As(t, b.pool, string(repository.RoleAPI)), "api", func() {})
	clock := func() time.Time { return b.now }
	b.tasks, b.labels, b.changes = task.NewService(b.store, clock), label.NewService(b.store, clock), history.NewService(b.store, clock)
	b.people = person.NewService(b.store, clock, person.ChannelRules{})
	b.ann, b.bob = b.user(t, "ann", "Europe/Berlin"), b.user(t, "bob", "UTC")
	return b
}

func (b *bundle) user(t *testing.T, name, zone string) person.Settings {
	t.Helper()
	id, err := b.store.EnsureUser(b.ctx, repository.LocalIssuer, name, zone)
	require.NoError(t, err)
	return b.settings(t, id)
}

func (b *bundle) settings(t *testing.T, id int64) person.Settings {
	t.Helper()
	settings, err := b.store.Settings(b.ctx, id)
	require.NoError(t, err)
	return settings
}

// call begins a call by an actor. The clock goes on with each.
func (b *bundle) call(by journal.Actor) (context.Context, string) {
	b.now = b.now.Add(time.Minute)
	call := journal.NewCall(by)
	return journal.With(b.ctx, call), call.ID.String()
}

// do makes changes in one call by the laptop, and returns its id.
func (b *bundle) do(t *testing.T, fn func(ctx context.Context) error) string {
	t.Helper()
	ctx, id := b.call(laptop)
	require.NoError(t, fn(ctx))
	return id
}

func (b *bundle) add(t *testing.T, fields task.Fields) *task.Task {
	t.Helper()
	ctx, _ := b.call(phone)
	added, err := b.tasks.Add(ctx, b.ann, task.AddInput{Fields: fields})
	require.NoError(t, err)
	return added.Task
}

// undo takes back a call and requires that it succeeds.
func (b *bundle) undo(t *testing.T, callID string) history.Undoing {
	t.Helper()
	done, err := b.try(history.UndoInput{CallID: callID})
	require.NoError(t, err)
	require.Empty(t, done.Blocked)
	return done
}

func (b *bundle) try(in history.UndoInput) (history.Undoing, error) {
	ctx, _ := b.call(phone)
	return b.changes.Undo(ctx, b.ann, in)
}

// state is all that ann has: settings, labels, and every task with its tags and
// reminders. Left out are versions, when a row was last changed or deleted, and deleted
// tasks that were not there in the beginning: adding is undone by deleting.
func (b *bundle) state(t *testing.T) string {
	t.Helper()
	var state string
	for _, sql := range []string{
		`SELECT coalesce(jsonb_agg(to_jsonb(u) ORDER BY id), '[]') FROM users u WHERE id = $1`,
		`SELECT coalesce(jsonb_agg(to_jsonb(c) - 'created_at' ORDER BY id), '[]') FROM categories c WHERE user_id = $1`,
		`SELECT coalesce(jsonb_agg(to_jsonb(m) - 'updated_at' ORDER BY id), '[]') FROM comments m WHERE user_id = $1`,
		`SELECT coalesce(jsonb_agg(to_jsonb(g) - 'created_at' ORDER BY id), '[]') FROM tags g WHERE user_id = $1`,
		`SELECT coalesce(jsonb_agg(to_jsonb(c) - 'created_at' ORDER BY id), '[]') FROM channels c WHERE user_id = $1`,
		`SELECT coalesce(jsonb_agg(to_jsonb(f) - 'created_at' ORDER BY user_id), '[]') FROM calendar_feeds f WHERE user_id = $1`,
		`SELECT coalesce(jsonb_agg(to_jsonb(t) - 'version' - 'updated_at' - 'deleted_at' - 'reminder_times' - 'search_vector'
			|| jsonb_build_object('tag_ids', ARRAY(SELECT x FROM unnest(tag_ids) x WHERE EXISTS (SELECT FROM tags g WHERE g.id = x) ORDER BY 1))
			|| jsonb_build_object('deleted', deleted_at IS NOT NULL)
			|| CASE WHEN deleted_at IS NULL AND NOT completed THEN jsonb_build_object('remind_at', (SELECT remind_at FROM reminders r WHERE r.task_id = t.id), 'reminder_times', reminder_times) ELSE '{}' END
			|| jsonb_build_object('tagged', ARRAY(SELECT tag_id FROM task_tags x WHERE x.task_id = t.id ORDER BY 1))
			ORDER BY id), '[]') FROM tasks t WHERE user_id = $1 AND (deleted_at IS NULL OR id <= ` + fmt.Sprint(b.last) + `)`,
	} {
		var part []map[string]any
		require.NoError(t, b.pool.QueryRow(b.ctx, sql, b.ann.UserID).Scan(&part))
		for _, one := range part {
			text, err := json.Marshal(one)
			require.NoError(t, err)
			state += string(text) + "\n"
		}
	}
	return state
}

// events counts the events that wait to be published.
func (b *bundle) events(t *testing.T) (n int) {
	t.Helper()
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT count(*) FROM outbox`).Scan(&n))
	return n
}

// entries reads ann's journal, newest first.
func (b *bundle) entries(t *testing.T) []journal.Entry {
	t.Helper()
	all, err := b.store.History(b.ctx, b.ann.UserID, journal.Filter{Limit: 10_000})
	require.NoError(t, err)
	return all
}

// of returns the entries of a call, newest first.
func (b *bundle) of(t *testing.T, callID string) (all []journal.Entry) {
	t.Helper()
	id := uuid.MustParse(callID)
	for _, e := range b.entries(t) {
		if e.CallID == id {
			all = append(all, e)
		}
	}
	require.NotEmpty(t, all)
	return all
}

// recur handles all task.completed events of series there were, as the recurrer would, whatever
// became of them.
func (b *bundle) recur(t *testing.T) {
	t.Helper()
	rows, err := b.pool.Query(b.ctx, `SELECT object_id FROM journal WHERE user_id = $1 AND event_type = 'task.completed' AND after ->> 'recurrence_rule' <> '' ORDER BY id`, b.ann.UserID)
	require.NoError(t, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(t, err)
	for _, id := range ids {
		_, err := b.tasks.CreateSuccessor(b.ctx, b.ann.UserID, id)
		require.NoError(t, err)
	}
}

func requireCode(t *testing.T, err error, code fault.Code, words string) {
	t.Helper()
	var e *fault.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code, e.Message)
	require.Contains(t, fmt.Sprint(e.Message, " ", e.Hint), words)
}

func title(text string) task.Fields { return task.Fields{Title: input.Some(text)} }

// remind claims all reminders there are.
func (b *bundle) remind(t *testing.T) {
	t.Helper()
	notifier := repository.New(pgtest.As(t, b.pool, string(repository.RoleNotifier)), "notifier", func() {})
	n, _, err := notifier.ClaimReminders(b.ctx, b.now.Add(48*time.Hour), time.Time{}, 100)
	require.NoError(t, err)
	require.Positive(t, n)
}

func undoCall(id string) history.UndoInput { return history.UndoInput{CallID: id} }

// requireState requires that ann has what she had, and shows the fields that differ.
func (b *bundle) requireState(t *testing.T, want, what string) {
	t.Helper()
	got := b.state(t)
	if got == want {
		return
	}
	had, has := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(had), len(has)) {
		var was, is map[string]any
		if i < len(had) {
			_ = json.Unmarshal([]byte(had[i]), &was)
		}
		if i < len(has) {
			_ = json.Unmarshal([]byte(has[i]), &is)
		}
		for name := range was {
			if !reflect.DeepEqual(was[name], is[name]) {
				t.Errorf("%s: row %d (id %v): %s is %v, was %v", what, i, was["id"], name, is[name], was[name])
			}
		}
	}
	require.Len(t, has, len(had), what)
	t.FailNow()
}
