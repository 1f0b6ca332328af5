package sidecar

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"
)

// seekInterval is how often the sidecar is made to look for the broker.
const seekInterval = 5 * time.Second

// Seek makes a sidecar that started without the broker find it within seconds of its
// return. By itself Dapr looks again for what it could not load once a minute, but at
// once when something happens in a folder of its resources: so that folder is touched
// while the bus is not loaded. Seek does nothing if app and sidecar share no folder.
// https://docs.dapr.io/operations/components/component-updates/
func (c *Client) Seek(ctx context.Context, log *slog.Logger) {
	if c.config.Resources == "" {
		return
	}
	ticker := time.NewTicker(seekInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			if !errors.Is(c.Ready(ctx), errNoBus) {
				continue
			}
			if err := os.Chtimes(c.config.Resources, now, now); err != nil {
				log.Warn("the sidecar looks for the broker once a minute only: its resources cannot be touched", "error", err)
				return
			}
		}
	}
}
