package sidecar

import (
	"sync"
	"time"
)

const (
	// missed is how long no probe is answered before the sidecar may have called the
	// app unhealthy: it does so after three of them, a second apart.
	missed = 2500 * time.Millisecond
	// settle is how long the app calls itself unhealthy after that. It is short
	// enough that two probes fall into it, which by themselves change nothing.
	settle = 1500 * time.Millisecond
)

// pulse answers the sidecar's health probes. An app that stood still, in a frozen
// container or on a host that swaps, must not be healthy the moment it goes on: the
// sidecar may only then finish unsubscribing, as it first waits for the deliveries
// under way. If it subscribed anew at that moment, its Kafka component would take
// the new subscription away with the old one, and nothing would be delivered again
// until the sidecar restarts (components-contrib 1.18, Kafka.Subscribe: the end of a
// subscription deletes its topic, whoever subscribed to it last).
type pulse struct {
	mu       sync.Mutex
	answered time.Time // the last probe
	until    time.Time // when the app is healthy again
}

// healthy reports what to answer to a probe at this moment. The first probe finds
// the app healthy.
func (p *pulse) healthy(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.answered.IsZero() && now.Sub(p.answered) > missed {
		p.until = now.Add(settle)
	}
	p.answered = now
	return !now.Before(p.until)
}
