package e2e

import (
	"context"
	"errors"
	"fmt"
	"sync"

	amqp "github.com/rabbitmq/amqp091-go"

	"tickler/dev/broker"
)

// rabbitMQBus reads the streams that rabbitmq-definitions.json binds to the exchanges: they keep
// what a queue forgets when it is consumed.
type rabbitMQBus struct {
	access broker.Access

	mu         sync.Mutex
	publishing *amqp.Channel
	connection *amqp.Connection
}

func openRabbitMQ(access broker.Access) (bus, error) { return &rabbitMQBus{access: access}, nil }

func (b *rabbitMQBus) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.connection != nil {
		_ = b.connection.Close()
	}
}

func (b *rabbitMQBus) read(ctx context.Context, keep func(record)) {
	var readers sync.WaitGroup
	for _, topic := range topicNames() {
		readers.Go(func() {
			next := any("first")
			for ctx.Err() == nil {
				next = b.readStream(ctx, topic, next, keep)
				pause(ctx)
			}
		})
	}
	readers.Wait()
}

// readStream reads from an offset until the connection breaks, and returns the
// offset at which to go on.
func (b *rabbitMQBus) readStream(ctx context.Context, topic string, from any, keep func(record)) (next any) {
	connection, err := b.access.RabbitMQ()
	if err != nil {
		return from
	}
	defer connection.Close()
	channel, err := connection.Channel()
	if err != nil {
		return from
	}
	err = channel.Qos(100, 0, false) // a stream wants a bound
	if err != nil {
		return from
	}
	deliveries, err := channel.ConsumeWithContext(ctx, topic, "", false, false, false, false, amqp.Table{"x-stream-offset": from})
	if err != nil {
		return from
	}
	for {
		select {
		case <-ctx.Done():
			return from
		case d, open := <-deliveries:
			if !open {
				return from
			}
			offset, _ := d.Headers["x-stream-offset"].(int64)
			_, byTest := d.Headers[planted]
			keep(record{place: place{topic: topic, offset: offset}, value: string(d.Body), keyless: true, planted: byTest})
			from = offset + 1
			_ = d.Ack(false)
		}
	}
}

func (b *rabbitMQBus) publish(ctx context.Context, topic, _, value string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.publishing == nil || b.publishing.IsClosed() {
		if err := b.open(); err != nil {
			return err
		}
	}
	confirmation, err := b.publishing.PublishWithDeferredConfirmWithContext(ctx, topic, "", false, false,
		amqp.Publishing{DeliveryMode: amqp.Persistent, Body: []byte(value), Headers: amqp.Table{planted: true}})
	if err != nil {
		return err
	}
	if confirmed, err := confirmation.WaitContext(ctx); err != nil || !confirmed {
		return errors.Join(fmt.Errorf("RabbitMQ did not confirm a message for %s", topic), err)
	}
	return nil
}

func (b *rabbitMQBus) open() (err error) {
	if b.connection, err = b.access.RabbitMQ(); err != nil {
		return err
	}
	if b.publishing, err = b.connection.Channel(); err != nil {
		return err
	}
	return b.publishing.Confirm(false)
}
