package repository_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/input"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
)

// benchmark is a bundle whose clock goes on.
func benchmark(b *testing.B) *bundle {
	at := &bundle{ctx: b.Context(), pool: pgtest.Open(b)}
	at.store = repository.New(pgtest.As(b, at.pool, string(repository.RoleAPI)), "api", func() {})
	at.service = task.NewService(at.store, time.Now)
	id, err := at.store.EnsureUser(at.ctx, repository.LocalIssuer, "ann", "UTC")
	require.NoError(b, err)
	at.ann, err = at.store.Settings(at.ctx, id)
	require.NoError(b, err)
	return at
}

// BenchmarkReadyTasks lists what is ready for somebody with ten thousand tasks, half of
// them in trees of five with blockers between the parts.
func BenchmarkReadyTasks(b *testing.B) {
	at := benchmark(b)
	_, err := at.pool.Exec(at.ctx, `
		INSERT INTO tasks (user_id, title, time_zone, priority, due_date, created_at, updated_at)
		SELECT $1, 'Task ' || n, 'UTC', (ARRAY['low', 'medium', 'high', 'urgent'])[1 + n % 4]::task_priority, CASE WHEN n % 3 = 0 THEN now() + n * interval '1 hour' END, now() + n * interval '1 second', now()
		FROM generate_series(1, 10000) n`, at.ann.UserID)
	require.NoError(b, err)
	_, err = at.pool.Exec(at.ctx, `
		WITH numbered AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM tasks WHERE user_id = $1)
		UPDATE tasks t SET parent_id = CASE WHEN m.n % 5 > 0 THEN t.id - m.n % 5 END, blocked_by = CASE WHEN m.n % 5 > 2 THEN ARRAY[t.id - 1] END,
			waiting_for = CASE WHEN m.n % 97 = 0 THEN 'an answer' END, completed_at = CASE WHEN m.n % 7 = 0 THEN now() END
		FROM numbered m WHERE m.id = t.id AND m.n < 5000`, at.ann.UserID)
	require.NoError(b, err)
	_, err = at.pool.Exec(at.ctx, `VACUUM ANALYZE tasks`)
	require.NoError(b, err)
	for _, sort := range []task.SortKey{task.ByPriority, task.ByDueDate} {
		b.Run(string(sort), func(b *testing.B) {
			var times []time.Duration
			var total int
			for b.Loop() {
				began := time.Now()
				found, err := at.service.List(at.ctx, at.ann, task.ListInput{Structure: task.Structure{Ready: input.Some(true)}, SortBy: sort})
				times = append(times, time.Since(began))
				require.NoError(b, err)
				total = found.Total
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)*95/100])/1e6, "p95-ms")
			b.ReportMetric(float64(total), "ready")
		})
	}
}

// BenchmarkTreeOfFifty adds fifty parts of a tree in one call, and one by one.
func BenchmarkTreeOfFifty(b *testing.B) {
	at := benchmark(b)
	items := []task.TreeItem{{AddInput: task.AddInput{Fields: task.Fields{Title: input.Some("Root")}}, References: task.References{Ref: "root"}}}
	for n := range 49 {
		items = append(items, task.TreeItem{AddInput: task.AddInput{Fields: task.Fields{Title: input.Some(fmt.Sprint("Part ", n))}}, References: task.References{Ref: fmt.Sprint(n), ParentRef: "root"}})
	}
	b.Run("one call", func(b *testing.B) {
		for b.Loop() {
			_, err := at.service.AddTree(at.ctx, at.ann, slices.Clone(items))
			require.NoError(b, err)
		}
	})
	b.Run("fifty calls", func(b *testing.B) {
		for b.Loop() {
			root, err := at.service.Add(at.ctx, at.ann, items[0].AddInput)
			require.NoError(b, err)
			for _, item := range items[1:] {
				in := item.AddInput
				in.ParentID = input.Some(root.Task.ID)
				_, err := at.service.Add(at.ctx, at.ann, in)
				require.NoError(b, err)
			}
		}
	})
}
