package repository

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"tickler/internal/journal"
	"tickler/internal/pgtest"
	"tickler/internal/task"
)

// BenchmarkIsolation runs the same work with and without the cost of row-level
// security: the policies, and naming the user to Postgres. "without" is the schema's
// owner, whom no policy applies to, and names no user. It reports the medians of
// both, taken alternately, and their ratio.
func BenchmarkIsolation(b *testing.B) {
	ctx := context.Background()
	owner := pgtest.Open(b)
	_, err := owner.Exec(ctx, `
		INSERT INTO users (issuer, subject, time_zone, reminder_offsets, all_day_time) SELECT 'local', 'user ' || n, 'UTC', '{60}', 540 FROM generate_series(1, 20) n`)
	require.NoError(b, err)
	_, err = owner.Exec(ctx, `
		INSERT INTO tasks (user_id, title, time_zone, due_date, created_at, updated_at)
		SELECT 1 + n % 20, 'Errand ' || n, 'UTC', now() + n * interval '1 minute', now(), now() FROM generate_series(1, 20000) n`)
	require.NoError(b, err)
	_, err = owner.Exec(ctx, `VACUUM ANALYZE`)
	require.NoError(b, err)
	api := New(pgtest.As(b, owner, string(RoleAPI)), "api", func() {})
	plain := New(owner, "api", func() {})
	const user = 7
	var id int64
	require.NoError(b, owner.QueryRow(ctx, `SELECT max(id) FROM tasks WHERE user_id = $1`, user).Scan(&id))

	change := func(r *Repository, begin []*pgx.QueuedQuery) error {
		return r.sessions.transact(ctx, user, changing, begin, func(t *transaction) error {
			tx := &userTx{transaction: t, repository: r, userID: user, call: journal.From(ctx, r.source)}
			changed, err := tx.LockTask(ctx, id)
			if err != nil {
				return err
			}
			before := changed.Clone()
			changed.Title += "."
			changed.Version++
			changed.UpdatedAt = time.Now()
			return tx.Save(ctx, task.Change{Kind: task.Updated, Before: before, Task: changed})
		})
	}
	page := func(r *Repository, q sender) error {
		_, err := r.page(ctx, q, selectTasks(user, task.Filter{}), "t.created_at", "timestamptz", task.Paging{Limit: 50, Sort: task.ByCreatedAt})
		return err
	}
	work := map[string]map[string]func() error{
		"get": {
			"without": func() error {
				_, err := oneTask(plain.pool.Query(ctx, `SELECT`+taskColumns+taskTables+`WHERE t.user_id = $1 AND t.id = $2 AND t.deleted_at IS NULL`, user, id))
				return err
			},
			"with": func() error { _, err := api.Task(ctx, user, id); return err },
		},
		"list": {
			"without": func() error { return page(plain, plain.pool) },
			"with":    func() error { return page(api, api.as(user)) },
		},
		"update": {
			"without": func() error { return change(plain, []*pgx.QueuedQuery{{SQL: "BEGIN"}}) },
			"with":    func() error { return change(api, beginWriting(user)) },
		},
	}
	for _, name := range []string{"get", "list", "update"} {
		b.Run(name, func(b *testing.B) {
			took := map[string][]time.Duration{}
			for b.Loop() {
				for _, how := range []string{"without", "with"} { // alternately, so that a busy moment hits both
					began := time.Now()
					if err := work[name][how](); err != nil {
						b.Fatal(err)
					}
					took[how] = append(took[how], time.Since(began))
				}
			}
			median := func(how string) float64 {
				slices.Sort(took[how])
				return float64(took[how][len(took[how])/2].Microseconds())
			}
			b.ReportMetric(median("without"), "without-µs")
			b.ReportMetric(median("with"), "with-µs")
			b.ReportMetric(median("with")-median("without"), "cost-µs")
			b.ReportMetric(median("with")/median("without"), "with:without")
			b.ReportMetric(0, "ns/op")
		})
	}
}
