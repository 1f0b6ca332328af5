package e2e

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/dev/process"
	"tickler/dev/stack"
)

// remindersVariable is how many reminders the next test lets fall due; some
// hundred without it. make test-kill lets it be ten thousand.
const remindersVariable = "TICKLER_TEST_REMINDERS"

var titleIn = regexp.MustCompile(`"title":"(Reminder \d+)"`)

// Reminders fall due for a number of people, each with a webhook, while notifier is
// killed at random moments: when it claims, sends, notes. What was cut off is sent
// again under the same id; a receiver that deduplicates by it sees each once.
func TestRemindersArriveOnceWhileNotifierIsKilledAtRandomMoments(t *testing.T) {
	t.Parallel()
	size := 400
	if text := os.Getenv(remindersVariable); text != "" {
		var err error
		size, err = strconv.Atoi(text)
		require.NoError(t, err, remindersVariable)
	}
	const people = 20
	// Long enough for all to fall due while notifier dies some times.
	spread := max(15*time.Second, time.Duration(size)*4*time.Millisecond)
	s := start(t, func(c *stack.Config) {
		allowLoopback(c)
		c.AppEnv["api"] = maps.Clone(c.AppEnv["api"])
		c.AppEnv["api"]["TICKLER_USER_RATE"], c.AppEnv["api"]["TICKLER_USER_CALLS"], c.AppEnv["api"]["TICKLER_ADDRESS_RATE"] = "0", "0", "0"
		c.Policy = process.Policy{FirstPause: 200 * time.Millisecond, MaxPause: 200 * time.Millisecond, Deaths: 1000, Window: time.Minute}
	})
	hook := receive(t)
	hook.delay = 100 * time.Millisecond // so that notifier is often killed between sending and noting
	// They are added for later and then brought forward: however long adding takes,
	// all are there when the first falls due.
	begin := time.Now().Add(day).Truncate(time.Second)
	for n := range people {
		p := s.person(t, "")
		p.settings(t, fields{"add_channel": fmt.Sprintf("%s/%d", hook.URL, n)})
		var tasks []fields
		for i := n; i < size; i += people {
			at := begin.Add(spread * time.Duration(i) / time.Duration(size))
			tasks = append(tasks, fields{"title": fmt.Sprint("Reminder ", i), "due_date": at.UTC().Format(time.RFC3339), "reminder_offsets": []int{0}})
		}
		for batch := range slices.Chunk(tasks, 50) {
			p.call(t, "add_tasks", fields{"tasks": batch})
		}
	}
	require.Equal(t, size, query[int](t, s, `SELECT count(*) FROM tasks`))
	begin = s.bringForward(t, begin, 5*time.Second)

	kills := 0
	left := func() int {
		return size - query[int](t, s, `SELECT count(*) FROM deliveries WHERE kind = 'reminder' AND state <> 'pending'`)
	}
	for stop := begin.Add(spread + 10*time.Second); time.Now().Before(stop); {
		time.Sleep(time.Duration(rand.Int64N(int64(4 * time.Second)))) // at random moments
		// It cannot be killed while it is being started again.
		if s.Kill("notifier") == nil {
			kills++
		}
	}
	// What was being sent at the last kill is sent again when its lease has ended.
	until(t, 4*time.Minute, "all to be delivered", func() bool { return left() == 0 })

	ids, calls := map[string]map[string]bool{}, map[string]int{}
	for _, c := range hook.got("reminder.sent") {
		title := titleIn.FindStringSubmatch(c.body)
		require.NotNil(t, title, c.body)
		if ids[title[1]] == nil {
			ids[title[1]] = map[string]bool{}
		}
		ids[title[1]][c.header.Get("webhook-id")] = true
		calls[c.header.Get("webhook-id")]++
	}
	again, most := 0, 0
	for _, n := range calls {
		again += n - 1
		most = max(most, n)
	}
	t.Logf("%d reminders, %d kills: %d calls were repeated, one message up to %d times", size, kills, again, most)
	require.Len(t, ids, size, "each arrived")
	for title, of := range ids {
		require.Len(t, of, 1, "%s has one id", title)
	}
	require.Len(t, calls, size)
	require.Greater(t, kills, 3)
	require.Equal(t, size, query[int](t, s, `SELECT count(*) FROM deliveries WHERE kind = 'reminder' AND state = 'sent'`))
	require.Equal(t, size, query[int](t, s, `SELECT count(DISTINCT (channel_id, event_id)) FROM deliveries WHERE kind = 'reminder'`))
}

// bringForward moves all tasks, with their reminders, so that what was due at from
// is due in some time, and returns when that is.
func (s *system) bringForward(t testing.TB, from time.Time, in time.Duration) time.Time {
	t.Helper()
	to := time.Now().Add(in).Truncate(time.Millisecond)
	by := from.Sub(to)
	s.exec(t, `
		WITH moved AS (
			UPDATE tasks SET due_date = due_date - $1::interval, reminder_times = ARRAY(SELECT x - $1::interval FROM unnest(reminder_times) x)
		)
		UPDATE reminders SET remind_at = remind_at - $1::interval`, by)
	return to
}
