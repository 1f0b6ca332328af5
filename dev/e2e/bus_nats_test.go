package e2e

import (
	"context"

	"github.com/nats-io/nats.go"

	"tickler/dev/broker"
)

// natsBus reads each stream by its sequence, and goes on where it was when the broker
// was away. Dapr passes on no key.
type natsBus struct {
	connection *nats.Conn
	streams    nats.JetStreamContext
}

func openNATS(access broker.Access) (bus, error) {
	connection, err := access.NATS(nats.MaxReconnects(-1), nats.ReconnectWait(often))
	if err != nil {
		return nil, err
	}
	streams, err := connection.JetStream()
	return natsBus{connection, streams}, err
}

func (b natsBus) close() { b.connection.Close() }

func (b natsBus) read(ctx context.Context, keep func(record)) {
	for _, topic := range topicNames() {
		next := uint64(1)
		go func() {
			for ctx.Err() == nil {
				m, err := b.streams.GetMsg(topic, next, nats.Context(ctx))
				if err != nil {
					pause(ctx)
					continue
				}
				next++
				keep(record{
					place: place{topic: topic, offset: int64(m.Sequence)}, value: string(m.Data), keyless: true,
					planted: m.Header.Get(planted) != "",
				})
			}
		}()
	}
	<-ctx.Done()
}

func (b natsBus) publish(ctx context.Context, topic, _, value string) error {
	m := nats.NewMsg(topic)
	m.Data = []byte(value)
	m.Header.Set(planted, "yes")
	_, err := b.streams.PublishMsg(m, nats.Context(ctx))
	return err
}
