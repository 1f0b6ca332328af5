package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/config"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
)

// dear is a call of REST that costs much.
type dear struct {
	method, path, kind string
	body               []byte
}

func readOf(path string, query ...string) dear {
	for i := 0; i < len(query); i += 2 {
		separator := "?"
		if i > 0 {
			separator = "&"
		}
		path += separator + query[i] + "=" + strings.ReplaceAll(query[i+1], " ", "%20")
	}
	return dear{method: http.MethodGet, path: path}
}

func jsonOf(method, path string, body any) dear {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return dear{method, path, "application/json", text}
}

// many repeats what make gives for 0 to n-1.
func many[T any](n int, make func(i int) T) []T {
	var all []T
	for i := range n {
		all = append(all, make(i))
	}
	return all
}

// worst lists the ways in which a user with 100,000 tasks can be dear.
func worst(first, last int64, tag int64) map[string]func(n int) dear {
	misspelt := func(n int) string {
		var words []string
		for i := range 100 {
			words = append(words, fmt.Sprintf("gardn%c", 'a'+(n+i)%26))
		}
		return strings.Join(words, " ")[:500]
	}
	common := strings.Repeat("garden or invoice or letter or ", 15)
	id := func(n int) int64 { return first + int64(n*7919)%(last-first) }
	return map[string]func(n int) dear{
		"misspelt-search": func(n int) dear { return readOf("/v1/search", "query", misspelt(n)) },
		"search": func(n int) dear {
			return readOf("/v1/search", "query", common, "limit", "100", "response_format", "detailed")
		},
		"list":     func(n int) dear { return readOf("/v1/tasks", "sort_by", "title", "limit", "100", "priority", "high") },
		"overview": func(n int) dear { return readOf("/v1/overview", "limit", "50", "days", "90") },
		"labels":   func(n int) dear { return readOf("/v1/tags") },
		"audit":    func(n int) dear { return readOf("/v1/audit", "limit", "500") },
		"export":   func(n int) dear { return readOf("/v1/export") },
		"bulk-add": func(n int) dear {
			return jsonOf(http.MethodPost, "/v1/batch", fields{"tasks": many(50, func(i int) fields {
				return fields{"title": fmt.Sprint("Bulk ", n, i), "description": strings.Repeat("some words ", 900), "recurrence_rule": "FREQ=DAILY", "tags": []string{"a", "b", "c"}}
			})})
		},
		"bulk-update": func(n int) dear {
			return jsonOf(http.MethodPatch, "/v1/batch", fields{"tasks": many(50, func(i int) fields {
				return fields{"task_id": id(n*50 + i), "title": fmt.Sprint("Again ", n, i), "add_tags": []string{"x"}, "due_date": "2031-01-01"}
			})})
		},
		"import": func(n int) dear {
			return jsonOf(http.MethodPost, "/v1/import", fields{"format": "tickler", "version": 1, "tasks": many(2000, func(i int) fields {
				return fields{"id": 1_000_000_000 + n*2000 + i, "title": fmt.Sprint("Import ", n, i), "created_at": "2026-01-01T00:00:00Z", "priority": "low", "time_zone": "UTC"}
			})})
		},
		"settings": func(n int) dear {
			return jsonOf(http.MethodPatch, "/v1/settings", fields{"reminder_offsets": []int{1 + n%100}})
		},
		"tag-deletion": func(n int) dear { return dear{method: http.MethodDelete, path: fmt.Sprint("/v1/tags/", tag)} },
		"one-task": func(n int) dear {
			return jsonOf(http.MethodPatch, fmt.Sprint("/v1/tasks/", first), fields{"title": fmt.Sprint("Hot ", n)})
		},
		"streams": func(n int) dear { return readOf("/v1/events") },
	}
}

// BenchmarkOneUserAtTheirWorst measures how long others' calls take, fifty a
// second of lists, gets, searches and additions, while one user with 100,000 tasks
// does the same dear thing as often as the limits let them, on forty connections
// at a time; and by turns while nobody does. Callers, server and Postgres share
// the machine. TICKLER_BENCH_WORST names the ways to try, all without it.
func BenchmarkOneUserAtTheirWorst(b *testing.B) {
	const each, connections, tasks = 6 * time.Second, 40, 100_000
	h := (&house{owner: pgtest.Open(b)}).serve(b, repository.RoleAPI, func(c *config.Guard) {
		c.UserRate, c.AddressRate, c.UserCalls = 100, 1000, 20 // as they are by default
	})
	attacker := h.resident(b, "attacker")
	var others []*resident
	for n := range 10 {
		others = append(others, h.resident(b, fmt.Sprint("user ", n)))
	}
	seed := func(user int64, n int) (first, last int64) {
		require.NoError(b, h.owner.QueryRow(b.Context(), `
			WITH words AS (SELECT ARRAY['garden','invoice','letter','dentist','bicycle','painting','holiday','insurance','birthday','groceries','library','passport','mortgage','electric','plumbing','newsletter'] AS w),
			added AS (INSERT INTO tasks (user_id, title, description, time_zone, due_date, priority, created_at, updated_at)
				SELECT $1, w[1 + n % 16] || ' ' || w[1 + n / 16 % 16] || ' ' || n, repeat(w[1 + n / 3 % 16] || ' about ' || n || '. ', 8), 'UTC',
					now() + (n % 10000) * interval '1 hour', (ARRAY['low','medium','high','urgent'])[1 + n % 4]::task_priority, now(), now()
				FROM generate_series(1, $2) n, words RETURNING id)
			SELECT min(id), max(id) FROM added`, user, n).Scan(&first, &last))
		return first, last
	}
	first, last := seed(attacker.user.UserID, tasks)
	firsts := map[*resident]int64{}
	for _, o := range others {
		firsts[o], _ = seed(o.user.UserID, 500)
	}
	var tag int64
	retag := func() {
		tag = int64(attacker.call(b, "create_tag", fields{"name": "everywhere"})["tag"].(fields)["id"].(float64))
		_, err := h.owner.Exec(b.Context(), `INSERT INTO task_tags SELECT user_id, id, $2 FROM tasks WHERE user_id = $1 ORDER BY id LIMIT 100000`, attacker.user.UserID, tag)
		require.NoError(b, err)
		_, err = h.owner.Exec(b.Context(), `UPDATE tasks SET tag_ids = tag_ids || $2::bigint WHERE user_id = $1 AND id <= $3`, attacker.user.UserID, tag, last)
		require.NoError(b, err)
	}
	_, err := h.owner.Exec(b.Context(), `VACUUM ANALYZE`)
	require.NoError(b, err)

	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 200}, Timeout: 60 * time.Second}
	send := func(ctx context.Context, token string, r dear) (int, error) {
		call, err := http.NewRequestWithContext(ctx, r.method, h.URL+r.path, bytes.NewReader(r.body))
		if err != nil {
			return 0, err
		}
		call.Header.Set("Authorization", "Bearer "+token)
		if r.kind != "" {
			call.Header.Set("Content-Type", r.kind)
		}
		response, err := client.Do(call)
		if err != nil {
			return 0, err
		}
		defer func() { _ = response.Body.Close() }()
		_, err = io.Copy(io.Discard, response.Body)
		return response.StatusCode, err
	}
	measure := func(attack func(n int) dear) (p99 time.Duration, statuses map[int]int, failed int64) {
		ctx, cancel := context.WithTimeout(b.Context(), each)
		defer cancel()
		statuses = map[int]int{}
		var mu sync.Mutex
		var attackers sync.WaitGroup
		var n atomic.Int64
		if attack != nil {
			// Bodies are made before: that is the attacker's work, not the server's.
			calls := many(100, attack)
			for range connections {
				attackers.Go(func() {
					for ctx.Err() == nil {
						status, err := send(ctx, attacker.token, calls[n.Add(1)%100])
						if err != nil {
							continue
						}
						mu.Lock()
						statuses[status]++
						mu.Unlock()
						if status == http.StatusTooManyRequests {
							time.Sleep(100 * time.Millisecond)
						}
					}
				})
			}
			time.Sleep(time.Second) // it is at its worst
		}
		var took []time.Duration
		var lost atomic.Int64
		var calls sync.WaitGroup
		tick := time.NewTicker(20 * time.Millisecond)
		for i := 0; ctx.Err() == nil; i++ {
			<-tick.C
			calls.Go(func() {
				o := others[i%len(others)]
				r := []dear{
					readOf("/v1/tasks", "limit", "20"), readOf(fmt.Sprint("/v1/tasks/", firsts[o]+rand.Int64N(500))), readOf("/v1/search", "query", "dentist"),
					jsonOf(http.MethodPost, "/v1/tasks", fields{"title": fmt.Sprint("Mine ", i)}),
				}[i%4]
				began := time.Now()
				status, err := send(context.WithoutCancel(ctx), o.token, r)
				if err != nil || status >= 400 {
					lost.Add(1)
				}
				mu.Lock()
				took = append(took, time.Since(began))
				mu.Unlock()
			})
		}
		tick.Stop()
		calls.Wait()
		attackers.Wait()
		slices.Sort(took)
		return took[len(took)*99/100], statuses, lost.Load()
	}
	wanted := strings.Fields(os.Getenv("TICKLER_BENCH_WORST"))
	for _, name := range slices.Sorted(maps.Keys(worst(first, last, 0))) {
		if len(wanted) > 0 && !slices.Contains(wanted, name) {
			continue
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if name == "tag-deletion" {
					retag()
				}
				quiet, _, _ := measure(nil)
				attacked, statuses, failed := measure(worst(first, last, tag)[name])
				again, _, _ := measure(nil)
				rest := (quiet + again) / 2
				b.Logf("%-16s quiet %5.0f ms, attacked %6.0f ms, %5.1f times; others' failures %d; attacker's answers %v",
					name, float64(rest.Microseconds())/1000, float64(attacked.Microseconds())/1000, float64(attacked)/float64(rest), failed, statuses)
				b.ReportMetric(rest.Seconds()*1000, "quiet-p99-ms")
				b.ReportMetric(attacked.Seconds()*1000, "attacked-p99-ms")
				b.ReportMetric(float64(attacked)/float64(rest), "attacked:quiet")
				b.ReportMetric(float64(failed), "others-failed")
				b.ReportMetric(0, "ns/op")
			}
		})
	}
}
