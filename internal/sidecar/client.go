// Package sidecar holds all contact with Dapr: a client that publishes through the
// sidecar, and the listener for the sidecar's callbacks.
package sidecar

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	dapr "github.com/dapr/go-sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"tickler/internal/event"
	"tickler/internal/telemetry"
)

// Config is how to reach the sidecar.
type Config struct {
	GRPCPort string
	HTTPPort string
	APIToken string // DAPR_API_TOKEN, which the sidecar demands
	PubSub   string // name of the pub/sub component
	// Resources is a folder of the sidecar's resources that it shares with the app; ""
	// if there is none.
	Resources string
}

// Client talks to the sidecar. It connects when it is first needed and again
// whenever the sidecar restarts.
type Client struct {
	config Config
	dapr   dapr.Client
	http   *http.Client
}

// reconnect bounds how late a sidecar that is back is noticed. Trying often costs
// nothing on the same machine; gRPC by itself waits up to two minutes.
var reconnect = grpc.ConnectParams{
	Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
	MinConnectTimeout: 5 * time.Second,
}

// readyTimeout bounds Ready: a sidecar that takes longer counts as not ready.
const readyTimeout = 2 * time.Second

// NewClient makes a client; the sidecar need not be up yet.
func NewClient(c Config) (*Client, error) {
	// The SDK's own constructors wait for the sidecar, which waits for the app.
	conn, err := grpc.NewClient("passthrough:///127.0.0.1:"+c.GRPCPort,
		grpc.WithTransportCredentials(insecure.NewCredentials()), // loopback; between sidecars Dapr uses mTLS
		grpc.WithConnectParams(reconnect),
		grpc.WithChainUnaryInterceptor(withToken(c.APIToken), withTrace))
	if err != nil {
		return nil, fmt.Errorf("make a client for the sidecar at port %s: %w", c.GRPCPort, err)
	}
	return &Client{config: c, dapr: dapr.NewClientWithConnection(conn), http: &http.Client{Timeout: readyTimeout}}, nil
}

func withToken(token string) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if token != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "dapr-api-token", token)
		}
		return invoke(ctx, method, req, reply, cc, opts...)
	}
}

// withTrace makes the sidecar's span of a request part of its trace. Dapr reads the
// header of HTTP in gRPC too.
func withTrace(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if parent := telemetry.TraceParent(ctx); parent != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "traceparent", parent)
	}
	return invoke(ctx, method, req, reply, cc, opts...)
}

// Close closes the connection to the sidecar.
func (c *Client) Close() { c.dapr.Close() }

// Publish hands envelopes to a topic in one bulk request, in their order. An
// error means that any of them may be missing: publish all of them again.
func (c *Client) Publish(ctx context.Context, topic string, envelopes []event.Envelope) error {
	entries := make([]any, len(envelopes))
	for i, e := range envelopes {
		document, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("encode event %s: %w", e.ID, err)
		}
		entries[i] = entry(e.PartitionKey, document)
	}
	if result := c.dapr.PublishEvents(ctx, c.config.PubSub, topic, entries); result.Error != nil {
		return fmt.Errorf("publish %d events to %s: %w", len(envelopes), topic, result.Error)
	}
	return nil
}

// entry is one event of a bulk request. The key is metadata of the entry:
// metadata of the request would override that of all its entries.
func entry(key string, document []byte) dapr.PublishEventsEvent {
	return dapr.PublishEventsEvent{
		ContentType: event.ContentType,
		Data:        document,
		Metadata:    map[string]string{"partitionKey": key},
	}
}

// Output returns a function that calls the create operation of an output binding.
// https://docs.dapr.io/developing-applications/building-blocks/bindings/howto-bindings/
func (c *Client) Output(binding string) func(ctx context.Context, body []byte, metadata map[string]string) error {
	return func(ctx context.Context, body []byte, metadata map[string]string) error {
		return c.dapr.InvokeOutputBinding(ctx, &dapr.InvokeBindingRequest{Name: binding, Operation: "create", Data: body, Metadata: metadata})
	}
}

// errNoBus: the sidecar has not reached the broker since it started.
var errNoBus = errors.New("the sidecar has not reached the broker yet")

// Ready asks whether the sidecar is up and has the pub/sub component, which it lacks
// until it has reached the broker once since it started. A broker that goes away later
// leaves it ready.
// https://docs.dapr.io/reference/api/health_api/
func (c *Client) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+c.config.HTTPPort+"/v1.0/healthz/outbound", nil)
	if err != nil {
		return err
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("ask the sidecar: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("the sidecar answers %s", response.Status)
	}
	metadata, err := c.dapr.GetMetadata(ctx)
	if err != nil {
		return fmt.Errorf("ask the sidecar what it has loaded: %w", err)
	}
	for _, component := range metadata.RegisteredComponents {
		if component.Name == c.config.PubSub {
			return nil
		}
	}
	return fmt.Errorf("%w: it tries again by itself, and its log says why %s is not loaded", errNoBus, c.config.PubSub)
}
