package traces

import (
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

const (
	maxRequest   = 16 << 20 // bytes that one exporter sends at a time
	maxAttribute = 1000     // bytes of one value
)

// receive takes spans by OTLP over HTTP, in protobuf without compression: what the
// exporters of the apps and of daprd send.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp
func (s *Store) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	var request collector.ExportTraceServiceRequest
	if err := proto.Unmarshal(body, &request); err != nil {
		http.Error(w, "not an ExportTraceServiceRequest in protobuf: "+err.Error(), http.StatusBadRequest)
		return
	}
	for _, resource := range request.GetResourceSpans() {
		service := valueOf(resource.GetResource().GetAttributes(), "service.name")
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				s.Add(spanOf(service, span))
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf") // an empty response: all was taken
}

func spanOf(service string, s *otlp.Span) Span {
	span := Span{
		TraceID: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()), Parent: hex.EncodeToString(s.GetParentSpanId()),
		Service: service, Name: cut(s.GetName()), Kind: strings.ToLower(strings.TrimPrefix(s.GetKind().String(), "SPAN_KIND_")),
		Start: time.Unix(0, int64(s.GetStartTimeUnixNano())), End: time.Unix(0, int64(s.GetEndTimeUnixNano())),
		Failed: s.GetStatus().GetCode() == otlp.Status_STATUS_CODE_ERROR,
	}
	for _, a := range s.GetAttributes() {
		span.Attributes = append(span.Attributes, Attribute{a.GetKey(), text(a.GetValue())})
	}
	if message := s.GetStatus().GetMessage(); message != "" {
		span.Attributes = append(span.Attributes, Attribute{"error", cut(message)})
	}
	for _, link := range s.GetLinks() {
		span.Links = append(span.Links, Link{hex.EncodeToString(link.GetTraceId()), hex.EncodeToString(link.GetSpanId())})
	}
	return span
}

func valueOf(attributes []*common.KeyValue, name string) string {
	for _, a := range attributes {
		if a.GetKey() == name {
			return text(a.GetValue())
		}
	}
	return ""
}

// text is a value as a person reads it.
func text(value *common.AnyValue) string {
	if s, ok := value.GetValue().(*common.AnyValue_StringValue); ok {
		return cut(s.StringValue)
	}
	_, shown, _ := strings.Cut(value.String(), ":") // int_value:7
	return cut(shown)
}

func cut(s string) string {
	if len(s) <= maxAttribute {
		return s
	}
	return strings.ToValidUTF8(s[:maxAttribute], "") + "…"
}
