package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkPeakMemoryOfTrees tells what BenchmarkPeakMemory does of changes of a tree of
// nearly two thousand tasks with long descriptions.
func BenchmarkPeakMemoryOfTrees(b *testing.B) {
	if _, err := os.Stat("/proc/self/clear_refs"); err != nil {
		b.Skip("the kernel does not tell peaks")
	}
	h := build(b, nil)
	ann := h.resident(b, "ann")
	p := &process{database: h.owner.Config().ConnString(), tokens: []string{ann.token}}
	var user, root, call int64
	require.NoError(b, h.owner.QueryRow(b.Context(), `SELECT max(user_id) FROM tokens`).Scan(&user))
	add := func(under int64, n int) {
		_, err := h.owner.Exec(b.Context(), `
			INSERT INTO tasks (user_id, title, description, time_zone, priority, created_at, updated_at, parent_id)
			SELECT $1, 'Part ' || n, repeat('x', 10000), 'UTC', 'medium', now(), now(), nullif($2, 0) FROM generate_series(1, $3) n`, user, under, n)
		require.NoError(b, err)
		require.NoError(b, h.owner.QueryRow(b.Context(), `SELECT max(id) FROM tasks`).Scan(&root))
	}
	add(0, 1)
	top := root
	for range 10 {
		add(top, 1)
		add(root, 196)
	}
	root = top
	one := func(int) string { return fmt.Sprintf(`{"title":"One more","parent_id":%d}`, root) }
	post := func(path string, body func(int) string, atOnce int) func(*testing.B) {
		return func(b *testing.B) {
			var all sync.WaitGroup
			for n := range atOnce {
				all.Go(func() { p.post(b, 0, path, "application/json", io.Reader(strings.NewReader(body(n)))) })
			}
			all.Wait()
		}
	}
	const mib = 1 << 20
	for _, c := range []struct {
		name string
		do   func(*testing.B)
	}{
		{"add/one", post("/v1/tasks", one, 1)},
		{"add/eight-at-once", post("/v1/tasks", one, 8)},
		{"delete", func(b *testing.B) {
			p.send(b, http.MethodDelete, fmt.Sprintf("/v1/tasks/%d", root), 0, nil, nil)
		}},
		{"undo", func(b *testing.B) {
			require.NoError(b, h.owner.QueryRow(b.Context(), `SELECT max(id) FROM journal WHERE object_id = $1 AND action = 'deleted'`, root).Scan(&call))
			post("/v1/undo", func(int) string { return fmt.Sprintf(`{"change_id":%d}`, call) }, 1)(b)
		}},
		{"complete", post(fmt.Sprintf("/v1/tasks/%d/complete", root), func(int) string { return `{"parts":"complete"}` }, 1)},
	} {
		b.Run(c.name, func(b *testing.B) {
			var most, rest int64
			for b.Loop() {
				p.start(b)
				p.get(b, http.MethodGet, "/v1/tags", "", 0)
				rest = p.memory(b, "VmRSS")
				require.NoError(b, os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.command.Process.Pid), []byte("5"), 0))
				c.do(b)
				most = max(most, p.memory(b, "VmHWM")-rest)
				p.stop()
			}
			b.ReportMetric(float64(most)/mib, "MiB-above-rest")
			b.ReportMetric(float64(rest)/mib, "MiB-at-rest")
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms")
			b.ReportMetric(0, "ns/op")
			var open, deleted int
			require.NoError(b, h.owner.QueryRow(b.Context(), `SELECT count(*) FILTER (WHERE deleted_at IS NULL AND NOT completed), count(*) FILTER (WHERE deleted_at IS NOT NULL) FROM tasks`).Scan(&open, &deleted))
			b.Logf("%d open, %d deleted", open, deleted)
		})
	}
}
