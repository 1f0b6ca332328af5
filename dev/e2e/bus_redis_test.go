package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"tickler/dev/broker"
)

// redisBus reads the streams in no group, as pubsub.redis writes them: the
// document in the field data, the metadata of the publishing in another.
type redisBus struct{ client *redis.Client }

func openRedis(access broker.Access) bus {
	logging.Disable() // of every attempt to reach a broker that a test has stopped
	return redisBus{access.Redis()}
}

func (b redisBus) close() { _ = b.client.Close() }

func (b redisBus) read(ctx context.Context, keep func(record)) {
	names := topicNames()
	last := map[string]string{}
	for ctx.Err() == nil {
		streams := append([]string{}, names...)
		for _, name := range names {
			if last[name] == "" {
				last[name] = "0"
			}
			streams = append(streams, last[name])
		}
		found, err := b.client.XRead(ctx, &redis.XReadArgs{Streams: streams, Block: 200 * time.Millisecond}).Result()
		if err != nil && err != redis.Nil {
			pause(ctx)
			continue
		}
		for _, stream := range found {
			for _, m := range stream.Messages {
				last[stream.Stream] = m.ID
				keep(redisRecord(stream.Stream, m))
			}
		}
	}
}

func redisRecord(stream string, m redis.XMessage) record {
	var milliseconds, sequence int64
	_, _ = fmt.Sscanf(m.ID, "%d-%d", &milliseconds, &sequence)
	r := record{place: place{topic: stream, offset: milliseconds<<20 | sequence}}
	r.value, _ = m.Values["data"].(string)
	_, r.planted = m.Values[planted]
	var metadata map[string]string
	text, _ := m.Values["metadata"].(string)
	_ = json.Unmarshal([]byte(text), &metadata)
	r.key = metadata["partitionKey"]
	return r
}

func (b redisBus) publish(ctx context.Context, topic, key, value string) error {
	metadata, err := json.Marshal(map[string]string{"partitionKey": key})
	if err != nil {
		return err
	}
	values := map[string]any{"data": value, "metadata": metadata, planted: "yes"}
	return b.client.XAdd(ctx, &redis.XAddArgs{Stream: topic, Values: values}).Err()
}

// pause keeps a reader from polling an unavailable broker in a busy loop.
func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(often):
	}
}
