package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkPeakMemory runs the built api (bin/api, or TICKLER_BENCH_API) as a
// process of its own, sends it each kind of excess, and tells by how much the
// memory that the process holds rises above what it holds at rest.
func BenchmarkPeakMemory(b *testing.B) {
	if _, err := os.Stat("/proc/self/clear_refs"); err != nil {
		b.Skip("the kernel does not tell peaks")
	}
	h := build(b, nil)
	p := &process{database: h.owner.Config().ConnString()}
	for n := range 4 {
		p.tokens = append(p.tokens, h.resident(b, fmt.Sprint("user ", n)).token)
	}
	p.start(b)
	batch := `{"tasks":[` + strings.TrimSuffix(strings.Repeat(`{"title":"Long","due_date":"2030-03-01T09:00","description":"`+strings.Repeat("x", 10_000)+`"},`, 50), ",") + `]}`
	for range 40 {
		p.post(b, 0, "/v1/batch", "application/json", strings.NewReader(batch))
	}
	feed := p.feed(b)
	p.stop()

	const mib = 1 << 20
	repeat := func(begin, text, end string, size int) func() io.Reader {
		return func() io.Reader {
			return io.MultiReader(strings.NewReader(begin), strings.NewReader(strings.Repeat(text, size/len(text))), strings.NewReader(end))
		}
	}
	imported := func(kind string, body func() io.Reader) func(*testing.B) {
		return func(b *testing.B) { p.post(b, 1, "/v1/import", kind, body()) }
	}
	atOnce := func(n int, do func(*testing.B, int)) func(*testing.B) {
		return func(b *testing.B) {
			var all sync.WaitGroup
			for n := range n {
				all.Go(func() { do(b, n) })
			}
			all.Wait()
		}
	}
	whole := repeat("TYPE,CONTENT,DESCRIPTION\n", "task,Whole,"+strings.Repeat("x", 1660)+"\n", "", 10_000*1672)
	get := func(method, path, tag string, token int) func(*testing.B) {
		return func(b *testing.B) { p.get(b, method, path, tag, token) }
	}
	for _, c := range []struct {
		name string
		do   func(*testing.B)
	}{
		{"import/objects-11MiB", imported("application/json", repeat(`{"format":"tickler","version":1,"tasks":[`, `{},`, `{}]}`, 11*mib))},
		{"import/objects-1.1MiB", imported("application/json", repeat(`{"format":"tickler","version":1,"tasks":[`, `{},`, `{}]}`, 11*mib/10))},
		{"import/tags-11MiB", imported("application/json", repeat(`{"format":"tickler","version":1,"tasks":[{"title":"x","tags":[`, `"",`, `""]}]}`, 11*mib))},
		{"import/one-string-11MiB", imported("application/json", repeat(`{"format":"tickler","version":1,"tasks":[{"title":"`, `x`, `"}]}`, 11*mib))},
		{"import/rows-11MiB", imported("text/csv", repeat("TYPE,CONTENT\n", "task,\n", "", 11*mib))},
		{"import/columns-11MiB", imported("text/csv", repeat("TYPE,CONTENT", ",", "\n", 11*mib))},
		{"import/table-rows-11MiB", imported("text/csv", repeat("Task name,Due date,Notes\n", "x,2030-03-01,\n", "", 11*mib))},
		{"import/table-cell-11MiB", imported("text/csv", repeat("Task name,Due date,Notes\nx,,\"", "some words\n", "\"\n", 11*mib))},
		{"import/table-columns-11MiB", imported("text/csv", repeat("Task name,Due date", ",Other", "\nx,2030-03-01\n", 11*mib))},
		{"import/table-blockers-11MiB", imported("text/csv", repeat("Task name,Due date,Depends on\n"+strings.Repeat("x,,\n", 9000)+"x,,\"", "x,", "\"\n", 11*mib))},
		{"import/table-dates-11MiB", imported("text/csv", repeat("Task name,Due date,Repeat\n", "x,\""+strings.Repeat("next monday at 9, ", 60)+"\",\""+strings.Repeat("every 2 weeks on ", 60)+"\"\n", "", 11*mib))},
		{"import/table-long-date-11MiB", imported("text/csv", repeat("Task name,Due date\nx,\"", "next monday at 9, ", "\"\n", 11*mib))},
		{"import/checklist-11MiB", imported("text/markdown", repeat("# List\n", "- [ ] x\n", "", 11*mib))},
		{"import/checklist-deep-11MiB", imported("text/markdown", func() io.Reader {
			var text strings.Builder
			for depth := 0; text.Len() < 11*mib; depth++ {
				text.WriteString(strings.Repeat(" ", 2*(depth%5000)) + "- [ ] x\n")
			}
			return strings.NewReader(text.String())
		})},
		{"import/to-dos-11MiB", imported("text/calendar", repeat("BEGIN:VCALENDAR\n", "BEGIN:VTODO\nEND:VTODO\n", "END:VCALENDAR\n", 11*mib))},
		{"import/properties-11MiB", imported("text/calendar", repeat("BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x\n", "X:\n", "END:VTODO\nEND:VCALENDAR\n", 11*mib))},
		{"import/categories-11MiB", imported("text/calendar", repeat("BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x\nCATEGORIES:x", ",x", "\nEND:VTODO\nEND:VCALENDAR\n", 11*mib))},
		{"import/exceptions-11MiB", imported("text/calendar", repeat("BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x\nRRULE:FREQ=DAILY\n", "EXDATE:20260301\n", "END:VTODO\nEND:VCALENDAR\n", 11*mib))},
		{"import/whole-16MiB", func(b *testing.B) { p.post(b, 2, "/v1/import?dry_run=true", "text/csv", whole()) }},
		{"import/three-whole-at-once", atOnce(3, func(b *testing.B, n int) { p.post(b, 1+n, "/v1/import?dry_run=true", "text/csv", whole()) })},
		{"body/rest-ten-at-once", atOnce(10, func(b *testing.B, n int) {
			p.post(b, n%4, "/v1/batch", "application/json", repeat(`{"tasks":[`, `{},`, `{}]}`, mib-100)())
		})},
		{"body/mcp-ten-at-once", atOnce(10, func(b *testing.B, n int) {
			p.post(b, n%4, "/mcp", "application/json", repeat(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"add_tasks","arguments":{"tasks":[`, `{},`, `{}]}}}`, mib-200)())
		})},
		{"feed/get", get(http.MethodGet, feed, "", -1)},
		{"feed/head", get(http.MethodHead, feed, "", -1)},
		{"feed/unchanged", get(http.MethodGet, feed, "*", -1)},
		{"feed/ten-at-once", atOnce(10, func(b *testing.B, _ int) { p.get(b, http.MethodGet, feed, "", -1) })},
		{"export/get", get(http.MethodGet, "/v1/export", "", 0)},
		{"export/ten-at-once", atOnce(10, func(b *testing.B, _ int) { p.get(b, http.MethodGet, "/v1/export", "", 0) })},
		{"list/hundred-detailed", get(http.MethodGet, "/v1/tasks?limit=100", "", 0)},
		{"list/ten-at-once", atOnce(10, func(b *testing.B, _ int) { p.get(b, http.MethodGet, "/v1/tasks?limit=100", "", 0) })},
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
		})
	}
}

// process is an api.
type process struct {
	database string
	tokens   []string
	command  *exec.Cmd
	root     string
}

func (p *process) start(b *testing.B) {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	address := listener.Addr().String()
	require.NoError(b, listener.Close())
	binary := os.Getenv("TICKLER_BENCH_API")
	if binary == "" {
		binary, err = filepath.Abs("../bin/api")
		require.NoError(b, err)
	}
	p.root = "http://" + address
	p.command = exec.Command(binary)
	p.command.Env = []string{"DATABASE_URL=" + p.database, "TICKLER_LISTEN=" + address, "TICKLER_LOG_LEVEL=error"}
	p.command.Stderr = os.Stderr
	require.NoError(b, p.command.Start())
	require.Eventually(b, func() bool {
		response, err := http.Get(p.root + "/healthz")
		if err == nil {
			_ = response.Body.Close()
		}
		return err == nil && response.StatusCode == http.StatusOK
	}, 20*time.Second, 20*time.Millisecond)
}

func (p *process) stop() {
	_ = p.command.Process.Kill()
	_ = p.command.Wait()
	http.DefaultClient.CloseIdleConnections()
}

// memory reads a line of the process' status, in bytes.
func (p *process) memory(b *testing.B, name string) int64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	require.NoError(b, err)
	found := regexp.MustCompile(`(?m)^` + name + `:\s+(\d+) kB$`).FindSubmatch(text)
	require.NotNil(b, found)
	n, err := strconv.ParseInt(string(found[1]), 10, 64)
	require.NoError(b, err)
	return n << 10
}

// post sends a body and passes over the answer, which may be that it is refused.
func (p *process) post(b *testing.B, token int, path, kind string, body io.Reader) {
	p.send(b, http.MethodPost, path, token, map[string]string{"Content-Type": kind, "Accept": "application/json, text/event-stream"}, body)
}

func (p *process) get(b *testing.B, method, path, tag string, token int) {
	p.send(b, method, path, token, map[string]string{"If-None-Match": tag}, nil)
}

func (p *process) send(b *testing.B, method, path string, token int, header map[string]string, body io.Reader) {
	request, err := http.NewRequest(method, p.root+path, body)
	if err != nil {
		b.Error(err)
		return
	}
	for name, value := range header {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	if token >= 0 {
		request.Header.Set("Authorization", "Bearer "+p.tokens[token])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return // refused before the body was sent
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	if response.StatusCode >= 500 {
		b.Errorf("%s %s: %s", method, path, response.Status)
	}
}

// feed makes an address of the first user's calendar.
func (p *process) feed(b *testing.B) string {
	request, err := http.NewRequest(http.MethodPatch, p.root+"/v1/settings", strings.NewReader(`{"calendar_feed":"new"}`))
	require.NoError(b, err)
	request.Header.Set("Authorization", "Bearer "+p.tokens[0])
	response, err := http.DefaultClient.Do(request)
	require.NoError(b, err)
	defer func() { _ = response.Body.Close() }()
	var text bytes.Buffer
	_, err = text.ReadFrom(response.Body)
	require.NoError(b, err)
	var settings fields
	require.NoError(b, json.Unmarshal(text.Bytes(), &settings))
	_, path, found := strings.Cut(fmt.Sprint(settings["calendar_url"]), "/calendar/")
	require.True(b, found, text.String())
	return "/calendar/" + path
}
