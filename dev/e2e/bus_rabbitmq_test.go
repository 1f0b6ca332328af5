package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	amqp "github.com/rabbitmq/amqp091-go"

	"tickler/dev/broker"
)

// rabbitMQBus reads durable queues of its own, which it binds to the exchanges as
// any program would: it does not see what was published before.
type rabbitMQBus struct {
	access broker.Access

	mu         sync.Mutex
	publishing *amqp.Channel
	connection *amqp.Connection
}

func openRabbitMQ(access broker.Access) (bus, error) {
	b := &rabbitMQBus{access: access}
	if err := b.open(); err != nil {
		return nil, err
	}
	for _, topic := range topicNames() {
		if _, err := b.publishing.QueueDeclare(queueOf(topic), true, false, false, false, nil); err != nil {
			return nil, err
		}
		if err := b.publishing.QueueBind(queueOf(topic), "", topic, false, nil); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// queueOf a topic is the observer's.
func queueOf(topic string) string { return "observer-" + topic }

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
			var read []string
			for ctx.Err() == nil {
				read = b.readQueue(ctx, topic, read, keep)
				pause(ctx)
			}
		})
	}
	readers.Wait()
}

// readQueue reads until the connection breaks. A broker that was killed can
// redeliver what was acknowledged; such messages are recognised and not kept twice.
func (b *rabbitMQBus) readQueue(ctx context.Context, topic string, read []string, keep func(record)) []string {
	connection, err := b.access.RabbitMQ()
	if err != nil {
		return read
	}
	defer connection.Close()
	channel, err := connection.Channel()
	if err != nil {
		return read
	}
	deliveries, err := channel.ConsumeWithContext(ctx, queueOf(topic), "", false, false, false, false, nil)
	if err != nil {
		return read
	}
	for {
		select {
		case <-ctx.Done():
			return read
		case d, open := <-deliveries:
			if !open {
				return read
			}
			value := string(d.Body)
			if !d.Redelivered || !slices.Contains(read, value) {
				_, byTest := d.Headers[planted]
				keep(record{place: place{topic: topic, offset: int64(len(read))}, value: value, keyless: true, planted: byTest})
				read = append(read, value)
			}
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
