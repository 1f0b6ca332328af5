package sidecar

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAppThatStoodStillIsUnhealthyForAMoment(t *testing.T) {
	start := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for name, probes := range map[string][]struct {
		at      time.Duration
		healthy bool
	}{
		"first probe":  {{0, true}},
		"regular ones": {{0, true}, {time.Second, true}, {2 * time.Second, true}},
		"one is late":  {{0, true}, {2400 * time.Millisecond, true}},
		"frozen for four seconds": {
			{0, true}, {4 * time.Second, false}, {4001 * time.Millisecond, false}, {5 * time.Second, false}, {5600 * time.Millisecond, true}, {6 * time.Second, true}},
		"frozen twice": {{0, true}, {4 * time.Second, false}, {8 * time.Second, false}, {9 * time.Second, false}, {10 * time.Second, true}},
	} {
		t.Run(name, func(t *testing.T) {
			var p pulse
			for _, probe := range probes {
				require.Equal(t, probe.healthy, p.healthy(start.Add(probe.at)), "at %s", probe.at)
			}
		})
	}
}
