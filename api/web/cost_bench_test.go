package web_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkPages measures how long the server needs for a page of somebody with ten
// thousand tasks, half of them open: one browser, Postgres on the same machine.
func BenchmarkPages(b *testing.B) {
	ann, _ := setup(b)
	for _, sql := range []string{
		`INSERT INTO categories (user_id, name, name_key) SELECT $1, 'Category ' || n, 'category ' || n FROM generate_series(1, 20) n`,
		`INSERT INTO tags (user_id, name, name_key) SELECT $1, 'tag' || n, 'tag' || n FROM generate_series(1, 50) n`,
		`INSERT INTO tasks (user_id, title, description, time_zone, priority, due_date, completed_at, category_id, tag_ids, created_at, updated_at)
		 SELECT $1, 'Errand ' || n, repeat('Something to say about it. ', n % 20), 'Europe/Berlin', (ARRAY['low','medium','high','urgent']::task_priority[])[1 + n % 4],
		        CASE WHEN n % 3 > 0 THEN now() + (n - 3000) * interval '20 minutes' END, CASE WHEN n % 2 = 0 THEN now() END,
		        (SELECT min(id) FROM categories WHERE user_id = $1) + n % 20, ARRAY[(SELECT min(id) FROM tags WHERE user_id = $1) + n % 50], now() - n * interval '1 minute', now()
		 FROM generate_series(1, 10000) n`,
		`INSERT INTO task_tags (user_id, task_id, tag_id) SELECT t.user_id, t.id, t.tag_ids[1] FROM tasks t WHERE t.user_id = $1`,
	} {
		_, err := ann.pool.Exec(b.Context(), sql, ann.user.UserID)
		require.NoError(b, err)
	}
	_, err := ann.pool.Exec(b.Context(), `VACUUM ANALYZE`)
	require.NoError(b, err)
	for _, path := range []string{"/", "/tasks", "/upcoming", "/tasks?status=all&order=created_at+desc"} {
		b.Run(path, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				require.Equal(b, http.StatusOK, ann.get(path).status)
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
		})
	}
}
