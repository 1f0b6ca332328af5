package chaos

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPlanFollowsFromTheSeedAndLeavesNothingOut(t *testing.T) {
	all := (&Local{disk: &disk{}, clocks: map[string]clock{"apps": {}, "Postgres": {}}}).Disturbances()
	outline := func(seed uint64, length time.Duration) (list []string) {
		for _, s := range Plan(seed, length, all) {
			list = append(list, s.At.String()+" "+s.Name+" "+s.Target+" "+s.Lasts.String())
			require.LessOrEqual(t, s.At+s.Lasts, length)
		}
		return list
	}
	require.Equal(t, outline(1, 10*time.Minute), outline(1, 10*time.Minute))
	require.NotEqual(t, outline(1, 10*time.Minute), outline(2, 10*time.Minute))
	for _, seed := range []uint64{1, 2, 3} {
		done := map[string]int{}
		for _, s := range Plan(seed, 20*time.Minute, all) {
			done[s.Name]++
		}
		for _, d := range all {
			require.NotZero(t, done[d.Name], d.Name)
		}
	}
}
