package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/event"
)

// outage is longer than the 10 s after which a publish is given up, after which
// a consumer's session ends, and for which a failed delivery is tried again.
const outage = time.Minute

func TestBrokerCutOffForLongUnderLoadLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	s, broker := startFaulty(t, 1)
	before := begin(t, s, 60)
	before.reaches(t, 20)
	broker.cut() // with events on their way in both directions
	healed := time.After(outage)
	during := begin(t, s, 100)
	during.calls.Wait()
	require.Empty(t, during.trouble, "every tool works without the broker")
	until(t, soon, "reminders to be claimed meanwhile", func() bool {
		return query[int](t, s, `SELECT count(*) FROM outbox JOIN journal USING (id) WHERE event_type = $1`, event.ReminderSent) > 0
	})
	require.Greater(t, query[int](t, s, `SELECT count(*) FROM outbox`), 100)
	<-healed
	require.Zero(t, query[int](t, s, `SELECT count(*) FROM outbox WHERE parked_at IS NOT NULL`), "no event is blamed for it")

	broker.restore()
	after := begin(t, s, 20)
	broker.untilRead(t, s.observer)
	allEnd(t, []*work{before, during, after})
}
