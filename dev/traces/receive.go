package traces

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// What one request and one span may hold. Exporters send batches of 512 spans, of a
// few hundred bytes each.
const (
	maxRequest    = 4 << 20  // bytes of a request
	maxBatch      = 4_000    // spans of a request
	maxPart       = 64 << 10 // bytes of one span, or of what tells of its service
	maxAttributes = 64       // of a span, and as many links
	maxValue      = 1000     // bytes of one value
	maxName       = 200      // bytes of one name
)

// receive takes spans by OTLP over HTTP, in protobuf without compression: what the
// exporters of the apps and of daprd send. What a browser sends is refused, so that no
// web page can write here.
// https://opentelemetry.io/docs/specs/otlp/#otlphttp
func (s *Store) receive(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
		http.Error(w, "spans are taken from exporters, not from browsers", http.StatusForbidden)
		return
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/x-protobuf" {
		http.Error(w, "spans are taken as application/x-protobuf", http.StatusUnsupportedMediaType)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	spans, rejected, err := decode(body)
	if errors.Is(err, errTooMany) {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	if err != nil {
		http.Error(w, "not an ExportTraceServiceRequest in protobuf: "+err.Error(), http.StatusBadRequest)
		return
	}
	s.Add(spans...)
	w.Header().Set("Content-Type", "application/x-protobuf")
	if rejected == 0 {
		return // an empty response: all was taken
	}
	answer, err := proto.Marshal(&collector.ExportTraceServiceResponse{PartialSuccess: &collector.ExportTracePartialSuccess{
		RejectedSpans: int64(rejected), ErrorMessage: fmt.Sprintf("a span has ids of 16 and 8 bytes, and %d bytes at most", maxPart),
	}})
	if err == nil {
		_, _ = w.Write(answer)
	}
}

var errTooMany = fmt.Errorf("a request holds %d spans at most", maxBatch)

// decode reads an ExportTraceServiceRequest, and counts the spans that it rejects. It
// decodes one span at a time: decoded at once, a request of empty spans takes a
// hundred times its size.
func decode(body []byte) (spans []Span, rejected int, err error) {
	seen := 0
	err = parts(body, 1, func(resourceSpans []byte) error {
		service := ""
		if err := parts(resourceSpans, 1, func(part []byte) error {
			var of resource.Resource
			if len(part) > maxPart {
				return nil // its spans are kept without its name
			}
			if err := proto.Unmarshal(part, &of); err != nil {
				return err
			}
			service = shorten(valueOf(of.GetAttributes(), "service.name"), maxName)
			return nil
		}); err != nil {
			return err
		}
		return parts(resourceSpans, 2, func(scopeSpans []byte) error {
			return parts(scopeSpans, 2, func(part []byte) error {
				if seen++; seen > maxBatch {
					return errTooMany
				}
				if len(part) > maxPart {
					rejected++
					return nil
				}
				var span otlp.Span
				if err := proto.Unmarshal(part, &span); err != nil {
					return err
				}
				if len(span.GetTraceId()) != 16 || len(span.GetSpanId()) != 8 {
					rejected++
					return nil
				}
				spans = append(spans, spanOf(service, &span))
				return nil
			})
		})
	})
	return spans, rejected, err
}

// parts calls do for each message in a field of another.
func parts(message []byte, field protowire.Number, do func([]byte) error) error {
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return protowire.ParseError(n)
		}
		message = message[n:]
		if n = protowire.ConsumeFieldValue(number, kind, message); n < 0 {
			return protowire.ParseError(n)
		}
		if number == field && kind == protowire.BytesType {
			part, _ := protowire.ConsumeBytes(message[:n])
			if err := do(part); err != nil {
				return err
			}
		}
		message = message[n:]
	}
	return nil
}

func spanOf(service string, s *otlp.Span) Span {
	span := Span{
		TraceID: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()), Parent: hex.EncodeToString(first(s.GetParentSpanId(), 8)),
		Service: service, Name: shorten(s.GetName(), maxName), Kind: strings.ToLower(strings.TrimPrefix(s.GetKind().String(), "SPAN_KIND_")),
		Start: time.Unix(0, int64(s.GetStartTimeUnixNano())), End: time.Unix(0, int64(s.GetEndTimeUnixNano())),
		Failed: s.GetStatus().GetCode() == otlp.Status_STATUS_CODE_ERROR,
	}
	for _, a := range first(s.GetAttributes(), maxAttributes) {
		span.Attributes = append(span.Attributes, Attribute{shorten(a.GetKey(), maxName), text(a.GetValue())})
	}
	if message := s.GetStatus().GetMessage(); message != "" {
		span.Attributes = append(span.Attributes, Attribute{"error", shorten(message, maxValue)})
	}
	for _, link := range first(s.GetLinks(), maxAttributes) {
		span.Links = append(span.Links, Link{hex.EncodeToString(first(link.GetTraceId(), 16)), hex.EncodeToString(first(link.GetSpanId(), 8))})
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
		return shorten(s.StringValue, maxValue)
	}
	_, shown, _ := strings.Cut(value.String(), ":") // int_value:7
	return shorten(shown, maxValue)
}

// shorten keeps the first bytes of a text.
func shorten(s string, bytes int) string {
	if len(s) <= bytes {
		return s
	}
	return strings.ToValidUTF8(s[:bytes], "") + "…"
}

// first keeps the first elements of a list.
func first[T any](list []T, limit int) []T { return list[:min(len(list), limit)] }
