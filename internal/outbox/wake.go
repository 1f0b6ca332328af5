package outbox

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Rows that this process committed may be in a shard that another relay owns. A
// NOTIFY tells that relay at once. It is sent separately from the commits, one for
// as many as there were meanwhile: inside each commit it would take a lock that is
// global to the server.
// https://www.postgresql.org/docs/current/sql-notify.html
const notifyChannel = "tickler_outbox"

// freed follows the id in a notification that shards were released: relays that
// have fewer than their share take them at once.
const freed = " freed"

// tellPeers notifies other relays of commits, until ctx ends. A notification
// that is lost costs no more than a poll interval.
func (r *Relay) tellPeers(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wakePeer:
		}
		r.notify(ctx, r.id)
	}
}

func (r *Relay) notify(ctx context.Context, payload string) {
	ctx, cancel := context.WithTimeout(ctx, notifyTimeout)
	defer cancel()
	if _, err := r.pool.Exec(ctx, `SELECT pg_notify($1, $2)`, notifyChannel, payload); err != nil && ctx.Err() == nil {
		r.log.Debug("could not notify other relays", "error", err)
	}
}

// listen wakes the relay when others have committed.
func (r *Relay) listen(ctx context.Context) {
	r.keep(ctx, "listener", func(ctx context.Context, session *pgx.Conn) error {
		if _, err := session.Exec(ctx, `LISTEN `+notifyChannel); err != nil {
			return err
		}
		for {
			n, err := session.WaitForNotification(ctx)
			if err != nil {
				return err
			}
			id, shards := strings.CutSuffix(n.Payload, freed)
			switch {
			case id == r.id:
			case shards:
				r.rebalance.Store(true)
				r.wake.Send()
			default:
				r.wake.Send()
				r.Woken()
			}
		}
	})
}
