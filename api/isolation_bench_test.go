package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/pgtest"
	"tickler/internal/repository"
)

// BenchmarkIsolatedCall makes whole calls over MCP, on the same database under
// api's role and under that of the schema's owner, whom no policy holds: what
// row-level security costs a caller. Telling Postgres who it is for is in both;
// BenchmarkIsolation in internal/repository has that alone.
func BenchmarkIsolatedCall(b *testing.B) {
	held := (&house{owner: pgtest.Open(b)}).serve(b, repository.RoleAPI, nil)
	free := (&house{owner: held.owner}).serve(b, "", nil)
	user := held.resident(b, "ann")
	_, err := held.owner.Exec(b.Context(), `
		INSERT INTO tasks (user_id, title, time_zone, due_date, created_at, updated_at)
		SELECT $1, 'Errand ' || n, 'UTC', now() + n * interval '1 minute', now(), now() FROM generate_series(1, 1000) n`, user.user.UserID)
	require.NoError(b, err)
	_, err = held.owner.Exec(b.Context(), `VACUUM ANALYZE`)
	require.NoError(b, err)
	for name, arguments := range map[string]fields{"get_task": {"task_id": 1}, "list_tasks": {}, "update_task": {"task_id": 1, "priority": "high"}} {
		b.Run(name, func(b *testing.B) {
			took := map[*house][]float64{}
			for b.Loop() {
				for _, h := range []*house{free, held} { // in turn, so that a busier moment hits both
					if name == "update_task" { // a change each time
						arguments["title"] = fmt.Sprint("Errand ", len(took[free]), len(took[held]))
					}
					began := time.Now()
					a := h.rpc(b, user.token, "tools/call", fields{"name": name, "arguments": arguments})
					took[h] = append(took[h], float64(time.Since(began).Microseconds()))
					require.Contains(b, a.text, `"structuredContent"`)
				}
			}
			median := func(h *house) float64 { slices.Sort(took[h]); return took[h][len(took[h])/2] }
			b.ReportMetric(median(free), "free-µs")
			b.ReportMetric(median(held), "held-µs")
			b.ReportMetric(median(held)/median(free), "held:free")
			b.ReportMetric(0, "ns/op")
		})
	}
}
