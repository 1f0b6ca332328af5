package repository_test

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"tickler/internal/event"
	"tickler/internal/fault"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
	"tickler/migrations"
)

// bundle is what repository tests work with: a service on a real database, two
// users, and a clock that the test sets.
type bundle struct {
	ctx       context.Context
	pool      *pgxpool.Pool          // of the schema's owner, whom no policy applies to
	store     *repository.Repository // of the api
	notifier  *repository.Repository
	relay     *repository.Repository
	service   *task.Service
	labels    *label.Service
	people    *person.Service
	ann, bob  person.Settings
	now       time.Time
	committed atomic.Int64
}

func setup(t *testing.T) *bundle {
	t.Helper()
	t.Parallel()
	b := &bundle{ctx: context.Background(), pool: pgtest.Open(t), now: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)}
	b.store = repository.New(pgtest.As(t, b.pool, string(repository.RoleAPI)), "api", func() { b.committed.Add(1) })
	b.notifier = repository.New(pgtest.As(t, b.pool, string(repository.RoleNotifier)), "notifier", func() { b.committed.Add(1) })
	b.relay = repository.New(pgtest.As(t, b.pool, string(repository.RoleRelay)), "api", func() { b.committed.Add(1) })
	clock := func() time.Time { return b.now }
	b.service, b.labels = task.NewService(b.store, clock), label.NewService(b.store, clock)
	b.people = person.NewService(b.store, clock, person.ChannelRules{})
	b.ann, b.bob = b.user(t, "ann", "UTC"), b.user(t, "bob", "America/New_York")
	return b
}

func (b *bundle) user(t *testing.T, name, zone string) person.Settings {
	t.Helper()
	id, err := b.store.EnsureUser(b.ctx, repository.LocalIssuer, name, zone)
	require.NoError(t, err)
	settings, err := b.store.Settings(b.ctx, id)
	require.NoError(t, err)
	return settings
}

func (b *bundle) add(t *testing.T, user person.Settings, fields task.Fields) *task.Task {
	t.Helper()
	added, err := b.service.Add(b.ctx, user, task.AddInput{Fields: fields})
	require.NoError(t, err)
	return added.Task
}

// outboxRow is a committed event waiting to be published.
type outboxRow struct {
	Type, Topic string
	TaskID      int64
	Data        map[string]any
}

// outbox reads all rows in order and checks each against its schema.
func (b *bundle) outbox(t *testing.T) []outboxRow {
	t.Helper()
	rows, err := b.pool.Query(b.ctx, `
		SELECT o.topic, j.event_id, j.event_type, j.at, j.user_id, o.task_id, j.version, j.source, j.after::text
		FROM outbox o JOIN journal j ON j.id = o.id ORDER BY o.id, o.topic`)
	require.NoError(t, err)
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (outboxRow, error) {
		var row outboxRow
		var c event.Change
		var fields *string
		if err := r.Scan(&row.Topic, &c.EventID, &c.Type, &c.At, &c.UserID, &c.TaskID, &c.TaskVersion, &c.Source, &fields); err != nil {
			return row, err
		}
		if fields != nil {
			c.Fields = json.RawMessage(*fields)
		}
		data, err := c.Data()
		if err != nil {
			return row, err
		}
		row.Type, row.TaskID = c.Type, c.TaskID
		require.NoError(t, event.Validate(row.Type, data), "%s", data)
		require.NoError(t, json.Unmarshal(data, &row.Data))
		require.Equal(t, c.EventID.String(), row.Data["event_id"])
		return row, nil
	})
	require.NoError(t, err)
	return all
}

func requireCode(t *testing.T, err error, code fault.Code, field string) {
	t.Helper()
	var e *fault.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code, e.Message)
	require.Equal(t, field, e.Field)
	require.NotEmpty(t, e.Message)
}

// migrate takes the database to a version of the schema, up or down.
func (b *bundle) migrate(t *testing.T, version int64) {
	t.Helper()
	db := stdlib.OpenDBFromPool(b.pool)
	defer func() { _ = db.Close() }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS)
	require.NoError(t, err)
	current, err := provider.GetDBVersion(b.ctx)
	require.NoError(t, err)
	if current > version {
		_, err = provider.DownTo(b.ctx, version)
	} else {
		_, err = provider.UpTo(b.ctx, version)
	}
	require.NoError(t, err)
	b.pool.Reset() // what was prepared knew the other columns
}
