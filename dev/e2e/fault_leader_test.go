package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func TestPartitionsThatMoveToOtherBrokersUnderLoadLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	const brokers, moves = 3, 15
	s, cluster := startFaulty(t, brokers)
	published := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Observe: true, Count: -1})
	w := begin(t, s, 160)
	w.reaches(t, 10)
	for move := range moves {
		for _, topic := range publishedTo {
			for _, partition := range cluster.PartitionInfos(topic) {
				next := (cluster.LeaderFor(topic, partition.Partition) + 1) % brokers
				require.NoError(t, cluster.MoveTopicPartition(topic, partition.Partition, next))
			}
		}
		if move%5 == 4 { // the groups have another coordinator too
			cluster.RehashCoordinators()
		}
		// As long as something is published between a move and the next.
		before := published.Hits()
		until(t, soon, "something to be published", func() bool { return published.Hits() > before })
	}
	streams := []*work{w}
	// Elections that outlast the client's own retries: at first nobody leads, then
	// one request in so many finds a leader.
	asked := 0
	for _, election := range []kfake.Fault{
		{Keys: []kmsg.Key{kmsg.Produce, kmsg.Fetch}, Err: kerr.NotLeaderForPartition},
		{Keys: []kmsg.Key{kmsg.Produce, kmsg.Fetch}, Err: kerr.LeaderNotAvailable},
		{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotLeaderForPartition, When: func(kmsg.Request) bool { asked++; return asked%9 != 0 }},
	} {
		election.Count = -1
		fault := cluster.Fault(election)
		during := begin(t, s, 40)
		during.calls.Wait() // no call waits for the broker
		before := fault.Hits()
		until(t, soon, "events to be refused again and again", func() bool { return fault.Hits() > before+60 })
		fault.Remove()
		streams = append(streams, during)
	}
	cluster.untilRead(t, s.observer)
	allEnd(t, streams)
}
