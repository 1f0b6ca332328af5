// Package traces keeps the spans that a local stack exports, and shows them on a
// page: what happened in a call, and in everything that followed from it.
//
// It is for one machine. A collector with a store behind it is what a deployment
// exports to; see docs/monitoring.md.
package traces

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// What is kept. Beyond it, the trace that has been quiet for longest goes first.
const (
	maxSpans = 50_000
	maxBytes = 64 << 20 // in memory, as size counts them
	maxTrace = 5_000    // spans of one trace; those that come later are dropped
)

// Span is one that an app or a sidecar exported.
type Span struct {
	TraceID, ID, Parent string // in hexadecimal; Parent is empty for the first of a trace
	Service, Name       string
	Kind                string // server, client, producer, consumer, internal
	Start, End          time.Time
	Failed              bool
	Attributes          []Attribute // with what a failure says
	Links               []Link
}

// Attribute is what a span tells about itself under a name, "" if nothing.
func (s Span) Attribute(name string) string {
	for _, a := range s.Attributes {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

// size is about how many bytes of memory a span takes.
func (s Span) size() int {
	bytes := 300 + len(s.TraceID) + len(s.ID) + len(s.Parent) + len(s.Service) + len(s.Name)
	for _, a := range s.Attributes {
		bytes += 32 + len(a.Name) + len(a.Value)
	}
	for _, link := range s.Links {
		bytes += 32 + len(link.TraceID) + len(link.SpanID)
	}
	return bytes
}

// Attribute is something that a span tells about itself.
type Attribute struct{ Name, Value string }

// Link leads from a span to one of another trace, or elsewhere in its own, that it
// follows from.
type Link struct{ TraceID, SpanID string }

// Trace is what is known of a trace.
type Trace struct {
	ID    string
	Spans []Span // by their start in what List and Find return

	written  int // when it was last added to, in spans
	bytes    int // of its spans
	unsorted bool
}

// Store keeps the latest spans in memory.
type Store struct {
	mu     sync.Mutex
	traces map[string]*Trace
	spans  int // that are kept
	bytes  int // that they take
	added  int // ever
}

// NewStore makes a store that keeps some 50,000 spans.
func NewStore() *Store { return &Store{traces: map[string]*Trace{}} }

// Add keeps spans. They are put in order when somebody reads.
func (s *Store) Add(spans ...Span) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, span := range spans {
		t := s.traces[span.TraceID]
		if t == nil {
			t = &Trace{ID: span.TraceID}
			s.traces[span.TraceID] = t
		}
		s.added++
		t.written = s.added
		if len(t.Spans) >= maxTrace {
			continue
		}
		t.Spans, t.unsorted = append(t.Spans, span), true
		size := span.size()
		t.bytes += size
		s.bytes += size
		s.spans++
	}
	s.evict()
}

// evict removes traces until there is room for a tenth of the limits again, so that
// looking for the oldest is rare.
func (s *Store) evict() {
	if s.spans <= maxSpans && s.bytes <= maxBytes {
		return
	}
	all := make([]*Trace, 0, len(s.traces))
	for _, t := range s.traces {
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b *Trace) int { return a.written - b.written })
	for _, t := range all {
		if s.spans <= maxSpans-maxSpans/10 && s.bytes <= maxBytes-maxBytes/10 {
			return
		}
		delete(s.traces, t.ID)
		s.spans -= len(t.Spans)
		s.bytes -= t.bytes
	}
}

// List returns all traces, the latest first.
func (s *Store) List() []Trace {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Trace, 0, len(s.traces))
	for _, t := range s.traces {
		all = append(all, t.copied())
	}
	slices.SortFunc(all, func(a, b Trace) int { return b.Spans[0].Start.Compare(a.Spans[0].Start) })
	return all
}

// Find returns a trace, and behind it those that are linked with it, directly or
// through others: where a reminder was set, and when it came. The trace is first, the
// others are in the order of their beginning. Nothing is returned for one that is not
// known.
func (s *Store) Find(id string) []Trace {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.traces[id] == nil {
		return nil
	}
	linked := s.links()
	found, seen := []Trace{}, map[string]bool{id: true}
	for next := []string{id}; len(next) > 0 && len(found) < maxLinked; next = next[1:] {
		found = append(found, s.traces[next[0]].copied())
		for _, other := range linked[next[0]] {
			if !seen[other] && s.traces[other] != nil {
				seen[other] = true
				next = append(next, other)
			}
		}
	}
	slices.SortFunc(found[1:], func(a, b Trace) int { return a.Spans[0].Start.Compare(b.Spans[0].Start) })
	return found
}

// maxLinked is how many traces are shown together.
const maxLinked = 20

// links tells for each trace which others are linked with it, in either direction.
func (s *Store) links() map[string][]string {
	linked := map[string][]string{}
	for _, t := range s.traces {
		for _, span := range t.Spans {
			for _, link := range span.Links {
				if link.TraceID != t.ID {
					linked[t.ID] = append(linked[t.ID], link.TraceID)
					linked[link.TraceID] = append(linked[link.TraceID], t.ID)
				}
			}
		}
	}
	for _, others := range linked {
		slices.Sort(others) // the order of a map is nobody's
	}
	return linked
}

// copied returns a trace with its spans in order.
func (t *Trace) copied() Trace {
	if t.unsorted {
		slices.SortStableFunc(t.Spans, func(a, b Span) int { return a.Start.Compare(b.Start) })
		t.unsorted = false
	}
	c := *t
	c.Spans = slices.Clone(t.Spans)
	return c
}

// Root is the span that the trace begins with.
func (t Trace) Root() Span {
	known := make(map[string]bool, len(t.Spans))
	for _, span := range t.Spans {
		known[span.ID] = true
	}
	for _, span := range t.Spans {
		if !known[span.Parent] {
			return span
		}
	}
	return t.Spans[0]
}

// End is when the last span ended.
func (t Trace) End() time.Time {
	return slices.MaxFunc(t.Spans, func(a, b Span) int { return a.End.Compare(b.End) }).End
}

// Services lists whose spans are in the trace, in the order of their appearance.
func (t Trace) Services() []string {
	var names []string
	seen := map[string]bool{}
	for _, span := range t.Spans {
		if !seen[span.Service] {
			seen[span.Service] = true
			names = append(names, span.Service)
		}
	}
	return names
}

// Failed reports whether a span failed.
func (t Trace) Failed() bool {
	return slices.ContainsFunc(t.Spans, func(span Span) bool { return span.Failed })
}

// Idle reports whether it is a tick of a cron binding that led to nothing: there is
// one every few seconds.
func (t Trace) Idle() bool {
	return !t.Failed() && !slices.ContainsFunc(t.Spans, func(span Span) bool {
		return !strings.HasPrefix(span.Name, "bindings/") && !strings.HasPrefix(span.Name, "tick ")
	})
}
