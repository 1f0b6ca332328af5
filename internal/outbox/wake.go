package outbox

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Rows that this process committed may be in a shard that another relay owns.
// A NOTIFY tells that relay at once. It is sent apart from the commit that it
// reports, and one for however many commits there were meanwhile: as part of
// each commit it would take a lock that is global to the server.
// https://www.postgresql.org/docs/current/sql-notify.html
const notifyChannel = "tickler_outbox"

// tellPeers notifies other relays of commits, until ctx ends. A notification
// that is lost costs no more than a poll interval.
func (r *Relay) tellPeers(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wakePeer:
		}
		if _, err := r.pool.Exec(ctx, `SELECT pg_notify($1, $2)`, notifyChannel, r.id); err != nil && ctx.Err() == nil {
			r.log.Debug("could not tell other relays of a commit", "error", err)
		}
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
			if n.Payload != r.id {
				signal(r.wake)
				r.Woken()
			}
		}
	})
}
