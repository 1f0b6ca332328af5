package e2e

import (
	"testing"
	"time"

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
	// An election that takes a while: nobody leads.
	for _, err := range []*kerr.Error{kerr.NotLeaderForPartition, kerr.LeaderNotAvailable} {
		election := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce, kmsg.Fetch}, Err: err, Count: -1})
		during := begin(t, s, 20)
		during.calls.Wait() // no call waits for the broker
		until(t, soon, "events to be refused", func() bool { return election.Hits() > 20 })
		time.Sleep(2 * time.Second)
		election.Remove()
		streams = append(streams, during)
	}
	allEnd(t, streams)
}
