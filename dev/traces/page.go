package traces

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"net"
	"net/http"
	"strings"
	"time"
)

//go:embed templates
var files embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{"clock": clock, "took": took}).ParseFS(files, "templates/*.html"))

func clock(t time.Time) string { return t.Local().Format("15:04:05.000") }

// took shows a duration with three digits.
func took(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	default:
		return d.Round(time.Microsecond).String()
	}
}

// Handler serves the page, and takes spans at /v1/traces. It answers on the names of
// this machine only, so that no page of somebody else can read it through a name that
// they point here.
func (s *Store) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", s.receive)
	mux.HandleFunc("GET /{$}", s.list)
	mux.HandleFunc("GET /trace/{id}", s.one)
	mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "templates/style.css") })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(strings.Trim(host, "[]")); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			http.Error(w, "only this machine is served", http.StatusMisdirectedRequest)
			return
		}
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; frame-ancestors 'none'")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		mux.ServeHTTP(w, r)
	})
}

// Serve serves until ctx ends.
func (s *Store) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second}
	stopped := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stopped()
	if err := server.Serve(listener); ctx.Err() == nil {
		return err
	}
	return nil
}

// listed is a trace in the list.
type listed struct {
	Trace
	Name, Service string
	Touched       []string // services, the first few
	Start         time.Time
	Took          time.Duration
}

// index is what the list shows.
type index struct {
	Traces []listed
	Ticks  bool   // those that found nothing are shown too
	Hidden int    // ticks that are not shown
	Absent string // the trace that was asked for and is not known
}

func (s *Store) list(w http.ResponseWriter, r *http.Request) {
	data := index{Ticks: r.URL.Query().Has("ticks")}
	for _, t := range s.List() {
		if t.Idle() && !data.Ticks {
			data.Hidden++
			continue
		}
		if len(data.Traces) == 200 {
			break
		}
		root := t.Root()
		data.Traces = append(data.Traces, listed{t, root.Name, root.Service, first(t.Services(), 12), t.Spans[0].Start, t.End().Sub(t.Spans[0].Start)})
	}
	render(w, "list.html", data)
}

// waterfall is a trace with a bar for each span.
type waterfall struct {
	Trace
	Name  string
	Start time.Time
	Took  time.Duration
	After time.Duration // its beginning, counted from that of the trace that was asked for
	First bool
	Rows  []bar
	Left  int // spans that the page has no room for
}

// maxPage is how many bytes of spans a page shows.
const maxPage = 1 << 20

// bar is a span in a waterfall. Its position is in thousandths of the whole.
type bar struct {
	Span
	Title         string
	Depth, Indent int
	From, Width   float64
	Took          time.Duration
	Colour        int // of its service
}

const colours = 8 // as in style.css

func (s *Store) one(w http.ResponseWriter, r *http.Request) {
	found := s.Find(r.PathValue("id"))
	if found == nil {
		w.WriteHeader(http.StatusNotFound)
		render(w, "list.html", index{Absent: r.PathValue("id")})
		return
	}
	colour := map[string]int{}
	room := maxPage
	falls := make([]waterfall, len(found))
	for i, t := range found {
		for _, service := range t.Services() {
			if _, known := colour[service]; !known {
				colour[service] = len(colour) % colours
			}
		}
		falls[i] = fall(t, colour, &room)
		falls[i].First, falls[i].After = i == 0, t.Spans[0].Start.Sub(found[0].Spans[0].Start)
	}
	render(w, "trace.html", falls)
}

// fall arranges a trace: each span below its parent, those of one parent by their
// start. A span whose parent is not known, since it is the caller's own or was not
// exported yet, stands at the left; so does the first of spans that claim to be above
// each other. It stops when there is no room for more.
func fall(t Trace, colour map[string]int, room *int) waterfall {
	begin, whole := t.Spans[0].Start, max(t.End().Sub(t.Spans[0].Start), time.Microsecond)
	known := map[string]bool{}
	for _, span := range t.Spans {
		known[span.ID] = true
	}
	children := map[string][]int{}
	var tops []int
	for i, span := range t.Spans {
		if known[span.Parent] && span.Parent != span.ID {
			children[span.Parent] = append(children[span.Parent], i)
		} else {
			tops = append(tops, i)
		}
	}
	f := waterfall{Trace: t, Name: t.Root().Name, Start: begin, Took: whole}
	shown := make([]bool, len(t.Spans))
	var show func(i, depth int)
	show = func(i, depth int) {
		span := t.Spans[i]
		if shown[i] || *room < span.size() {
			return
		}
		shown[i] = true
		*room -= span.size()
		f.Rows = append(f.Rows, bar{
			Span: span, Title: title(span), Depth: depth, Indent: 12 * min(depth, 12), Took: span.End.Sub(span.Start),
			From:   1000 * float64(span.Start.Sub(begin)) / float64(whole),
			Width:  max(3, 1000*float64(span.End.Sub(span.Start))/float64(whole)),
			Colour: colour[span.Service],
		})
		below := children[span.ID]
		delete(children, span.ID) // spans of the same id share those below them
		for _, child := range below {
			show(child, depth+1)
		}
	}
	for _, i := range tops {
		show(i, 0)
	}
	for i := range t.Spans {
		show(i, 0)
	}
	f.Left = len(t.Spans) - len(f.Rows)
	return f
}

// title is the name of a span, with the topic that it is about.
func title(span Span) string {
	name := strings.TrimPrefix(span.Name, "/dapr.proto.runtime.v1.Dapr/")
	if topic := span.Attribute("messaging.destination.name"); !strings.Contains(name, topic) {
		return name + " → " + topic
	}
	return name
}

func render(w http.ResponseWriter, name string, data any) {
	var page bytes.Buffer
	if err := templates.ExecuteTemplate(&page, name, data); err != nil {
		http.Error(w, fmt.Sprintf("%s: %v", name, err), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = page.WriteTo(w)
}
