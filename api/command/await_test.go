package command

import (
	"bytes"
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAddressesOfBrokersAreRead(t *testing.T) {
	for value, wanted := range map[string]string{
		"redpanda:9092":                              "redpanda:9092",
		"a:9092,b:9093, c:9094":                      "a:9092 b:9093 c:9094",
		"[fd00::1]:6379":                             "[fd00::1]:6379",
		"amqp://u:p@mq:5672/":                        "mq:5672",
		"amqps://u:p@mq/vhost?heartbeat=10":          "mq:5671",
		"amqps://u:p@[fd00::1]":                      "[fd00::1]:5671",
		"amqp://u:pa,ss@wo@mq:5672":                  "mq:5672",
		"nats://u:p@a:4222,nats://u:p@b":             "a:4222 b:4222",
		"tls://u:p@a,b:4333":                         "a:4222 b:4333",
		"https://broker.example:443/path,with:comma": "broker.example:443",
	} {
		addresses, err := addressesIn(value)
		require.NoError(t, err, value)
		require.Equal(t, wanted, strings.Join(addresses, " "), value)
	}
	for _, value := range []string{"", ",", "redpanda", ":9092", "redpanda:", "a:9092,", "amqp://", "amqp://u:secret@", "https://u:secret@broker"} {
		_, err := addressesIn(value)
		require.ErrorContains(t, err, "for example redpanda:9092", value)
		require.NotContains(t, err.Error(), "secret")
	}
}

// Pods wait with it until their broker is back, for hours where it takes hours.
func TestAwaitSaysWhatItWaitsForUntilItIsThere(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := taken.Addr().String()
	require.NoError(t, taken.Close())
	t.Setenv("BROKER_URL", "amqp://u:secret@"+address)
	var said output
	status := make(chan int, 1)
	go func() { status <- Run([]string{"await", "BROKER_URL"}, nil, &said, &said, nil) }()
	require.Eventually(t, func() bool { return strings.HasPrefix(said.String(), "waiting for BROKER_URL: dial tcp "+address) }, 30*time.Second, 10*time.Millisecond)
	require.Empty(t, status)

	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	require.Zero(t, <-status)
	require.Contains(t, said.String(), address+" takes connections")
	require.Equal(t, 2, strings.Count(said.String(), "\n"), "it says so once, and not with each attempt: %s", said.String())
	require.NotContains(t, said.String(), "secret")
}

func TestAwaitIsContentWithOneAddress(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	// Nothing answers at the first: it is for documentation (RFC 5737).
	require.NoError(t, await(t.Context(), "BROKERS", []string{"192.0.2.1:9092", listener.Addr().String()}, io.Discard))
}

func TestAwaitEndsWhenItIsStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	var said output
	go func() { ended <- await(ctx, "BROKER", []string{"127.0.0.1:0"}, &said) }()
	require.Eventually(t, func() bool { return said.String() != "" }, 30*time.Second, 10*time.Millisecond)
	stop()
	require.ErrorContains(t, <-ended, "stopped before 127.0.0.1:0 took a connection")
}

// output can be read while it is written.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
