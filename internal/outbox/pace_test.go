package outbox

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

func TestAFailureIsNarrowedDownThoughOtherBulksOfItsRoundSucceed(t *testing.T) {
	const poison = 7
	p := newPace(defaultPatience)
	var rows []row
	fill := func() { // others' events keep coming
		for len(rows) < fullSize+100 {
			id := int64(poison - 1)
			if len(rows) > 0 {
				id = rows[len(rows)-1].id + 1
			}
			rows = append(rows, row{id: id, taskID: id, topic: event.TopicTaskEvents})
		}
	}
	for round := 0; p.quarantine[poison] == nil; round++ {
		require.Less(t, round, 30, "the event that fails is not found")
		fill()
		waves := p.plan(rows)[0]
		require.Equal(t, 1, len(waves))
		if round > 0 {
			require.Equal(t, 1, len(waves[0]), "what failed is not sent whole again")
		} else {
			require.Equal(t, 2, len(waves[0]))
		}
		for _, bulk := range waves[0] {
			if slices.ContainsFunc(bulk, func(r row) bool { return r.id == poison }) {
				p.note(bulk, errors.New("too large"))
				continue
			}
			p.note(bulk, nil)
			rows = slices.DeleteFunc(rows, func(r row) bool { return bulk[0].id <= r.id && r.id <= bulk[len(bulk)-1].id })
		}
	}
}

func TestWhatIsReadNextFitsIntoMemoryHoweverLargeTheEventsAre(t *testing.T) {
	const shards = 16
	read := func(bytes, events int) int {
		rows := make([]row, events)
		for i := range rows {
			rows[i].envelope.Data = make([]byte, bytes)
		}
		p := newPace(defaultPatience)
		p.weigh(rows, shards)
		return p.selection().perShard
	}
	require.Equal(t, most, read(300, 1000), "small events are bounded by their number")
	for _, size := range []int{8_000, 20_000} {
		require.LessOrEqual(t, read(size, 1000)*size*shards, readBytes)
	}
	require.Equal(t, fewest, read(100_000, 1000))
}
