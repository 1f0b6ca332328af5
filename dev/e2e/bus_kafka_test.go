package e2e

import (
	"context"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tickler/dev/broker"
)

// kafkaBus reads over Kafka's protocol, from every partition, in no group.
type kafkaBus struct{ client *kgo.Client }

func openKafka(access broker.Access) (bus, error) {
	if !onCluster() {
		client, err := access.Client(kgo.ConsumeTopics(topicNames()...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		return kafkaBus{client}, err
	}
	// Others have used these topics before, for tasks with the same ids.
	client, err := access.Client()
	if err != nil {
		return nil, err
	}
	ends, err := kadm.NewClient(client).ListEndOffsets(context.Background(), topicNames()...)
	if err != nil {
		return nil, err
	}
	client.AddConsumePartitions(ends.KOffsets())
	return kafkaBus{client}, nil
}

func (b kafkaBus) close() { b.client.Close() }

func (b kafkaBus) read(ctx context.Context, keep func(record)) {
	for ctx.Err() == nil {
		b.client.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			keep(record{
				place: place{r.Topic, r.Partition, r.Offset}, key: string(r.Key), value: string(r.Value),
				planted: slices.ContainsFunc(r.Headers, func(h kgo.RecordHeader) bool { return h.Key == planted }),
			})
		})
	}
}

func (b kafkaBus) publish(ctx context.Context, topic, key, value string) error {
	return b.client.ProduceSync(ctx, &kgo.Record{
		Topic: topic, Key: []byte(key), Value: []byte(value), Headers: []kgo.RecordHeader{{Key: planted}},
	}).FirstErr()
}
