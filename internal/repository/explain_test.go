package repository_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"tickler/internal/person"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// explained is a store whose sessions report how Postgres executes each statement,
// including those inside the functions it calls.
type explained struct {
	*repository.Repository

	mu    sync.Mutex
	plans strings.Builder
}

// explain makes a store that works under a role. The superuser who logs in loads
// auto_explain; only then does the session take on the role.
func (b *bundle) explain(t *testing.T, role repository.Role) *explained {
	t.Helper()
	e := &explained{}
	config := b.pool.Config()
	config.ConnConfig.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.plans.WriteString(n.Message + "\n")
	}
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, `LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;
			SET auto_explain.log_level = 'notice'; SET ROLE `+string(role))
		return err
	}
	pool, err := pgxpool.NewWithConfig(b.ctx, config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	e.Repository = repository.New(pool, "api", func() {})
	return e
}

// of returns the plans of what fn does after it was run often: from the sixth time
// on, Postgres may plan without looking at the values.
func (e *explained) of(t *testing.T, fn func() error) string {
	t.Helper()
	for range 7 {
		e.mu.Lock()
		e.plans.Reset()
		e.mu.Unlock()
		require.NoError(t, fn())
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.plans.String()
}

// seedAll gives users enough tasks, tokens, channels and deliveries for the planner
// to prefer an index; user 7 has very many tasks.
func (b *bundle) seedAll(t *testing.T) person.Settings {
	t.Helper()
	b.seedMany(t)
	_, err := b.pool.Exec(b.ctx, `
		INSERT INTO tasks (user_id, title, time_zone, due_date, created_at, updated_at, completed_at, deleted_at)
		SELECT 7, CASE WHEN n % 500 = 1 THEN 'Invoice ' ELSE 'Errand ' END || n, 'UTC', now() + n * interval '1 hour', now(), now(),
		       CASE WHEN n % 3 = 0 THEN now() END, CASE WHEN n % 100 = 0 THEN now() - interval '20 days' END
		FROM generate_series(1, 5000) n;
		INSERT INTO tokens (user_id, prefix, hash) SELECT 7, '', sha256(n::text::bytea) FROM generate_series(1, 3000) n;
		INSERT INTO users (issuer, subject, time_zone, reminder_offsets, all_day_time) SELECT 'x', n::text, 'UTC', '{60}', 540 FROM generate_series(1, 3000) n;
		INSERT INTO channels (user_id, kind, target, next_attempt_at)
		SELECT id, 'ntfy', 'https://ntfy.sh/' || id, CASE WHEN id % 300 = 0 THEN now() END FROM users;
		INSERT INTO deliveries (user_id, channel_id, target, event_id, kind, content, state, next_attempt_at, created_at)
		SELECT c.user_id, c.id, c.target, gen_random_uuid(), 'test', '{}', CASE WHEN n = 1 THEN 'pending' ELSE 'sent' END, now(), now()
		FROM channels c, generate_series(1, 5) n`)
	require.NoError(t, err)
	_, err = b.pool.Exec(b.ctx, `VACUUM ANALYZE`) // as Postgres does by itself: counts are then answered by the index
	require.NoError(t, err)
	settings, err := b.store.Settings(b.ctx, 7)
	require.NoError(t, err)
	return settings
}

func TestHotStatementsAreServedByAnIndex(t *testing.T) {
	b := setup(t)
	user := b.seedAll(t)
	api, notifier := b.explain(t, repository.RoleAPI), b.explain(t, repository.RoleNotifier)
	service := task.NewService(api, time.Now)
	list := func(in task.ListInput) func() error {
		return func() error { _, err := service.List(b.ctx, user, in); return err }
	}
	page := func(f task.Filter, p task.Paging) func() error {
		p.Limit = 50
		return func() error { _, err := api.List(b.ctx, 7, f, p); return err }
	}
	search := func(query string, want int) func() error {
		return func() error {
			found, err := service.Search(b.ctx, user, task.SearchInput{Query: query})
			if err == nil && len(found.Hits) < want {
				return fmt.Errorf("%d were found", len(found.Hits))
			}
			return err
		}
	}
	var served []repository.ServedChannel
	open, completed, now := false, true, time.Now()
	hash := sha256.Sum256([]byte("9"))
	for _, c := range []struct {
		name    string
		of      *explained
		do      func() error
		indexes []string
	}{
		{"a list without any wish", api, list(task.ListInput{}), []string{"idx_tasks_"}},
		{"newest first", api, page(task.Filter{}, task.Paging{Sort: task.ByCreatedAt, Desc: true}), []string{"idx_tasks_created"}},
		{"by due date", api, page(task.Filter{}, task.Paging{Sort: task.ByDueDate}), []string{"idx_tasks_due"}},
		{"latest due date first", api, page(task.Filter{}, task.Paging{Sort: task.ByDueDate, Desc: true}), []string{"Index Only Scan Backward using idx_tasks_due"}},
		{"by title", api, page(task.Filter{}, task.Paging{Sort: task.ByTitle}), []string{"idx_tasks_title"}},
		{"by priority", api, page(task.Filter{}, task.Paging{Sort: task.ByPriority, Desc: true}), []string{"idx_tasks_priority"}},
		{"by change", api, page(task.Filter{}, task.Paging{Sort: task.ByUpdatedAt, Desc: true}), []string{"idx_tasks_updated"}},
		{"open by due date", api, page(task.Filter{Completed: &open}, task.Paging{Sort: task.ByDueDate}), []string{"idx_tasks_open"}},
		{"how many are completed", api, page(task.Filter{Completed: &completed}, task.Paging{Sort: task.ByUpdatedAt, Desc: true}), []string{"Index Only Scan using idx_tasks_"}},
		{"completed last", api, page(task.Filter{Completed: &completed}, task.Paging{Sort: task.ByCompletedAt, Desc: true}), []string{"Index Only Scan Backward using idx_tasks_completed"}},
		{"completed lately", api, page(task.Filter{Completed: &completed, CompletedAfter: &now}, task.Paging{Sort: task.ByCompletedAt, Desc: true}), []string{"Index Only Scan Backward using idx_tasks_completed", "Index Only Scan using idx_tasks_completed"}},
		{"deleted last", api, page(task.Filter{Deleted: true}, task.Paging{Sort: task.ByUpdatedAt, Desc: true}), []string{"using idx_tasks_trash"}},
		{"overview", api, func() error { _, err := service.Overview(b.ctx, user, task.OverviewInput{}); return err }, []string{"Index Only Scan using idx_tasks_open", "using idx_tasks_series_open"}},
		{"search that few tasks match", api, search("invoice", 5), []string{"Bitmap Index Scan on idx_tasks_search"}},
		{"search that very many match", api, search("errand", 20), []string{"using tasks_user_id_id_key"}},
		{"search that is misspelt", api, search("invoce", 5), []string{"Bitmap Index Scan on idx_tasks_search"}},
		{"search that is badly misspelt", api, search("invocse", 5), []string{"Bitmap Index Scan on idx_tasks_trigrams", "(user_id)::text"}},
		{"token", api, func() error { _, err := api.TokenByHash(b.ctx, hash[:]); return err }, []string{"tokens_hash_key"}},
		{"deliveries of a user", api, func() error { _, err := api.DeliverySettings(b.ctx, 7, 50); return err }, []string{"idx_deliveries_user"}},
		{"reminders that are due", notifier, func() error {
			_, _, err := notifier.ClaimReminders(b.ctx, now.Add(-time.Hour), time.Time{}, 500)
			return err
		}, []string{"Index Scan using idx_reminders_due", "Index Scan using tasks_pkey"}},
		{"channels that are due", notifier, func() (err error) {
			served, err = notifier.ServeChannels(b.ctx, now, 1, time.Minute, false)
			return err
		}, []string{"idx_channels_due"}},
		{"deliveries that are due", notifier, func() error {
			_, err := notifier.BeginDeliveries(b.ctx, served[0], now, 8)
			return err
		}, []string{"idx_deliveries_due"}},
		{"when a channel is due next", notifier, func() error { return notifier.LeaveChannel(b.ctx, served[0], now) }, []string{"idx_deliveries_due"}},
		{"what was kept long enough", notifier, func() error { return notifier.Prune(b.ctx) }, []string{"idx_tasks_deleted", "idx_deliveries_created"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			plans := c.of.of(t, c.do)
			for _, index := range c.indexes {
				require.Contains(t, plans, index)
			}
			for _, table := range []string{"tasks", "tokens", "deliveries", "channels"} {
				require.NotContains(t, plans, "Seq Scan on "+table+" ", plans)
			}
			if c.name == "search that very many match" {
				require.NotContains(t, plans, "idx_tasks_search", "only some of very many are looked at")
			}
		})
	}
}
