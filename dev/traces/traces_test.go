package traces_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"tickler/dev/traces"
)

var begun = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

// span is one of a trace, some milliseconds after the beginning.
func span(trace, id, parent, name string, after int) traces.Span {
	start := begun.Add(time.Duration(after) * time.Millisecond)
	return traces.Span{TraceID: trace, ID: id, Parent: parent, Service: "api", Name: name, Kind: "server", Start: start, End: start.Add(time.Millisecond)}
}

// get asks the page, under a name of this machine.
func get(t *testing.T, store *traces.Store, path string) (int, string) {
	t.Helper()
	answer := httptest.NewRecorder()
	store.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "http://127.0.0.1:4318"+path, nil))
	return answer.Code, answer.Body.String()
}

// post sends a request as exporters do, with headers of its own on top.
func post(store *traces.Store, body []byte, headers map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "http://localhost:4318/v1/traces", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/x-protobuf")
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	answer := httptest.NewRecorder()
	store.Handler().ServeHTTP(answer, r)
	return answer
}

// request holds spans, with ids where they have none.
func request(t *testing.T, spans ...*otlp.Span) []byte {
	t.Helper()
	body, err := proto.Marshal(&collector.ExportTraceServiceRequest{ResourceSpans: []*otlp.ResourceSpans{{ScopeSpans: []*otlp.ScopeSpans{{Spans: spans}}}}})
	require.NoError(t, err)
	return body
}

// whole is a span with ids, of the trace abab….
func whole(of *otlp.Span) *otlp.Span {
	of.TraceId, of.SpanId = bytes.Repeat([]byte{0xab}, 16), bytes.Repeat([]byte{0xcd}, 8)
	return of
}

func TestWebPagesCannotSendSpans(t *testing.T) {
	store := traces.NewStore()
	body := request(t, whole(&otlp.Span{Name: "one"}))
	for name, c := range map[string]struct {
		headers map[string]string
		want    int
	}{
		"a form's type":         {map[string]string{"Content-Type": "text/plain"}, http.StatusUnsupportedMediaType},
		"no type":               {map[string]string{"Content-Type": ""}, http.StatusUnsupportedMediaType},
		"another origin":        {map[string]string{"Origin": "https://evil.example"}, http.StatusForbidden},
		"another site":          {map[string]string{"Sec-Fetch-Site": "cross-site"}, http.StatusForbidden},
		"a page of ours, even":  {map[string]string{"Origin": "http://localhost:4318", "Sec-Fetch-Site": "same-origin"}, http.StatusForbidden},
		"what an exporter says": {nil, http.StatusOK},
	} {
		require.Equal(t, c.want, post(store, body, c.headers).Code, name)
	}
	require.Len(t, store.Find(strings.Repeat("ab", 16))[0].Spans, 1)
}

func TestRequestsAndSpansAreBounded(t *testing.T) {
	id := strings.Repeat("ab", 16)
	key := func(name string) *common.KeyValue { return &common.KeyValue{Key: name} }

	t.Run("a long name", func(t *testing.T) {
		store := traces.NewStore()
		require.Equal(t, http.StatusOK, post(store, request(t, whole(&otlp.Span{Name: strings.Repeat("n", 60_000)}), whole(&otlp.Span{Attributes: []*common.KeyValue{key(strings.Repeat("k", 60_000))}})), nil).Code)
		found := store.Find(id)[0].Spans
		require.Less(t, len(found[0].Name), 300)
		require.Less(t, len(found[1].Attributes[0].Name), 300)
	})
	t.Run("many attributes and links", func(t *testing.T) {
		store := traces.NewStore()
		of := whole(&otlp.Span{})
		for range 5_000 {
			of.Attributes = append(of.Attributes, key("k"))
			of.Links = append(of.Links, &otlp.Span_Link{})
		}
		require.Equal(t, http.StatusOK, post(store, request(t, of), nil).Code)
		found := store.Find(id)[0].Spans[0]
		require.Len(t, found.Attributes, 64)
		require.Len(t, found.Links, 64)
	})
	t.Run("spans that are too large, or without ids, are rejected by themselves", func(t *testing.T) {
		store := traces.NewStore()
		answer := post(store, request(t, whole(&otlp.Span{Name: strings.Repeat("n", 70_000)}), &otlp.Span{}, whole(&otlp.Span{Name: "kept"})), nil)
		require.Equal(t, http.StatusOK, answer.Code)
		var told collector.ExportTraceServiceResponse
		require.NoError(t, proto.Unmarshal(answer.Body.Bytes(), &told))
		require.EqualValues(t, 2, told.GetPartialSuccess().GetRejectedSpans())
		require.Len(t, store.Find(id)[0].Spans, 1)
	})
	t.Run("many spans", func(t *testing.T) {
		many := make([]*otlp.Span, 30_000)
		for i := range many {
			many[i] = &otlp.Span{}
		}
		require.Equal(t, http.StatusRequestEntityTooLarge, post(traces.NewStore(), request(t, many...), nil).Code)
	})
}

func TestStoreIsBoundedInBytesAndInOneTrace(t *testing.T) {
	store := traces.NewStore()
	large := strings.Repeat("x", 60_000)
	for i := range 3_000 { // 180 MB
		one := span(fmt.Sprint(i), "1", "", "one", i)
		one.Attributes = []traces.Attribute{{Name: "a", Value: large}}
		store.Add(one)
	}
	require.Less(t, len(store.List())*len(large), 64<<20)
	require.NotNil(t, store.Find("2999"))

	for i := range 30_000 {
		store.Add(span("wide", fmt.Sprint(i), "", "one", -i))
	}
	found := store.Find("wide")[0].Spans
	require.Len(t, found, 5_000)
	require.True(t, slices.IsSortedFunc(found, func(a, b traces.Span) int { return a.Start.Compare(b.Start) }))
	_, page := get(t, store, "/trace/wide")
	require.Less(t, len(page), 8<<20)
	require.Contains(t, page, "more spans are not shown")
}

func TestSpansAreTakenAsExportersSendThem(t *testing.T) {
	store := traces.NewStore()
	text := func(s string) *common.AnyValue {
		return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: s}}
	}
	body, err := proto.Marshal(&collector.ExportTraceServiceRequest{ResourceSpans: []*otlp.ResourceSpans{{
		Resource: &resource.Resource{Attributes: []*common.KeyValue{{Key: "service.name", Value: text("recurrer-daprd")}}},
		ScopeSpans: []*otlp.ScopeSpans{{Spans: []*otlp.Span{{
			TraceId: bytes.Repeat([]byte{0xab}, 16), SpanId: bytes.Repeat([]byte{0xcd}, 8), ParentSpanId: bytes.Repeat([]byte{0xef}, 8),
			Name: "pubsub/task-recurrence", Kind: otlp.Span_SPAN_KIND_CLIENT, StartTimeUnixNano: uint64(begun.UnixNano()), EndTimeUnixNano: uint64(begun.Add(time.Second).UnixNano()),
			Status: &otlp.Status{Code: otlp.Status_STATUS_CODE_ERROR, Message: "the app is away"},
			Attributes: []*common.KeyValue{
				{Key: "topic", Value: text("<script>alert(1)</script>")}, {Key: "long", Value: text(strings.Repeat("x", 5000))},
				{Key: "n", Value: &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: 7}}},
			},
		}}}},
	}}})
	require.NoError(t, err)
	answer := post(store, body, nil)
	require.Equal(t, http.StatusOK, answer.Code)

	id := strings.Repeat("ab", 16)
	found := store.Find(id)
	require.Len(t, found, 1)
	got := found[0].Spans[0]
	require.Equal(t, "recurrer-daprd", got.Service)
	require.Equal(t, strings.Repeat("ef", 8), got.Parent)
	require.Equal(t, "client", got.Kind)
	require.Equal(t, time.Second, got.End.Sub(got.Start))
	require.True(t, got.Failed)
	require.Equal(t, traces.Attribute{Name: "n", Value: "7"}, got.Attributes[2])
	require.Less(t, len(got.Attributes[1].Value), 1100)

	status, page := get(t, store, "/trace/"+id)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, page, "the app is away")
	require.NotContains(t, page, "<script>")

	for _, bad := range []string{"not protobuf", strings.Repeat("x", 17<<20)} {
		answer := post(store, []byte(bad), nil)
		require.GreaterOrEqual(t, answer.Code, 400)
	}
}

func TestTraceIsShownWithThoseLinkedWithIt(t *testing.T) {
	store := traces.NewStore()
	reminded := span("b", "b2", "b1", "publish reminder.sent", 9001)
	reminded.Links = []traces.Link{{TraceID: "a", SpanID: "a2"}}
	store.Add(reminded, span("b", "b1", "", "tick reminder-scan", 9000), span("a", "a2", "a1", "handle task.completed", 5), span("a", "a1", "caller", "tool complete_task", 0), span("c", "c1", "", "tool add_task", 1))
	for _, asked := range []string{"a", "b"} {
		found := store.Find(asked)
		require.Len(t, found, 2)
		require.Equal(t, asked, found[0].ID)
	}
	_, page := get(t, store, "/trace/a")
	order := []string{"<h1>tool complete_task</h1>", "handle task.completed", "Linked, 9s later", "tick reminder-scan", "publish reminder.sent"}
	at := -1
	for _, text := range order {
		next := strings.Index(page, text)
		require.Greater(t, next, at, text)
		at = next
	}
	require.NotContains(t, page, "add_task")
	_, page = get(t, store, "/trace/b")
	require.Contains(t, page, "Linked, before")
}

func TestSpansThatClaimToBeAboveEachOtherAreShownOnce(t *testing.T) {
	store := traces.NewStore()
	store.Add(span("a", "1", "2", "first of two", 0), span("a", "2", "1", "second of two", 1), span("a", "3", "3", "its own parent", 2))
	status, page := get(t, store, "/trace/a")
	require.Equal(t, http.StatusOK, status)
	for _, name := range []string{"first of two", "second of two", "its own parent"} {
		require.Equal(t, 1, strings.Count(page, `<span class="name">`+name+"<"), name)
	}
}

func TestTicksThatFoundNothingAreListedOnRequest(t *testing.T) {
	store := traces.NewStore()
	store.Add(span("a", "1", "", "bindings/reminder-scan", 0), span("a", "2", "1", "tick reminder-scan", 1))
	store.Add(span("b", "3", "", "bindings/reminder-scan", 5), span("b", "4", "3", "tick reminder-scan", 6), span("b", "5", "4", "publish reminder.sent", 7))
	_, page := get(t, store, "/")
	require.NotContains(t, page, "/trace/a")
	require.Contains(t, page, "/trace/b")
	require.Contains(t, page, "1 ticks that found nothing")
	_, page = get(t, store, "/?ticks")
	require.Contains(t, page, "/trace/a")
	status, page := get(t, store, "/trace/absent")
	require.Equal(t, http.StatusNotFound, status)
	require.Contains(t, page, "There is no trace absent")
}

func TestStoreKeepsTheLatestAndIsBounded(t *testing.T) {
	store := traces.NewStore()
	const each, many = 100, 1000 // twice what is kept
	for trace := range many {
		spans := make([]traces.Span, each)
		for i := range spans {
			spans[i] = span(fmt.Sprint(trace), fmt.Sprint(i), "", "one", i)
		}
		store.Add(spans...)
		store.Add(span("0", "again", "", "one", trace)) // the first goes on
	}
	kept := 0
	for _, one := range store.List() {
		kept += len(one.Spans)
	}
	require.LessOrEqual(t, kept, 50_000)
	require.Greater(t, kept, 40_000)
	require.NotNil(t, store.Find("999"))
	require.NotNil(t, store.Find("0"), "it was added to until the end")
	require.Nil(t, store.Find("1"))
}

func TestPageAnswersToTheNamesOfThisMachineOnly(t *testing.T) {
	store := traces.NewStore()
	for host, want := range map[string]int{"127.0.0.1:4318": 200, "localhost": 200, "[::1]:4318": 200, "evil.example:4318": 421, "127.0.0.1.evil.example": 421, "192.0.2.1:4318": 421} {
		r := httptest.NewRequest(http.MethodGet, "http://x/", nil)
		r.Host = host
		answer := httptest.NewRecorder()
		store.Handler().ServeHTTP(answer, r)
		require.Equal(t, want, answer.Code, host)
	}
}
