package stack

import (
	"context"
	"fmt"
	"net"

	"tickler/dev/home"
	"tickler/dev/port"
	"tickler/dev/traces"
)

// otlpPort is where exporters look for a collector by OTLP over HTTP.
const otlpPort = 4318

// tracing keeps what apps and sidecars export, in this process. Nil keeps nothing.
type tracing struct {
	store *traces.Store
	url   string
	end   context.CancelFunc
}

// startTracing serves the page of traces, if it is wanted, at the port that OTLP
// has, or at another if that is taken.
func (s *Stack) startTracing() error {
	if !s.config.Traces {
		return nil
	}
	wanted := 0
	if s.config.RunFilePorts {
		wanted = otlpPort
	}
	number, err := s.picker.Pick(wanted)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", port.Address(number))
	if err != nil {
		return fmt.Errorf("serve traces: %w", err)
	}
	ctx, end := context.WithCancel(context.Background())
	t := &tracing{store: traces.NewStore(), url: "http://" + port.Address(number), end: end}
	go func() {
		if err := t.store.Serve(ctx, listener); err != nil {
			s.say("traces are not kept any more: %v", err)
		}
	}()
	s.traces = t
	return nil
}

func (t *tracing) stop() {
	if t != nil {
		t.end()
	}
}

// environment makes a part export its spans under its name. An app takes the same
// variables as daprd, which needs to be told the protocol.
// https://docs.dapr.io/operations/observability/tracing/otel-collector/
func (t *tracing) environment(part string) []string {
	if t == nil {
		return nil
	}
	env := []string{"OTEL_SERVICE_NAME=" + part, "OTEL_BSP_SCHEDULE_DELAY=500"} // milliseconds; its default is 5000
	for _, v := range t.variables(true) {
		env = append(env, v.Name+"="+v.Value)
	}
	return env
}

// variables are for the shell: those that make the apps of `dapr run` export, or the
// address of the page alone.
func (t *tracing) variables(exporting bool) []home.Variable {
	if t == nil {
		return nil
	}
	list := []home.Variable{{Name: "TICKLER_TRACES_URL", Value: t.url}}
	if exporting {
		list = append(list,
			home.Variable{Name: "OTEL_EXPORTER_OTLP_ENDPOINT", Value: t.url},
			home.Variable{Name: "OTEL_EXPORTER_OTLP_PROTOCOL", Value: "http/protobuf"},
			home.Variable{Name: "OTEL_EXPORTER_OTLP_INSECURE", Value: "true"})
	}
	return list
}

// TracesURL is the page of traces, "" if none are kept.
func (s *Stack) TracesURL() string {
	if s.traces == nil {
		return ""
	}
	return s.traces.url
}

// Traces are those that the stack has kept. Config.Traces must be set.
func (s *Stack) Traces() *traces.Store { return s.traces.store }
