package outbox

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/jackc/pgx/v5"

	"tickler/internal/event"
)

// Classes of advisory locks: pg_locks.classid. Nothing else in this database may
// use them.
const (
	classMember = 0x74696b00 // held shared by every relay, to count them
	classShard  = 0x74696b01 // held by the owner of a shard, which is the object id
)

// shards are those that a session owns. Their locks end with the session, however
// it ends.
type shards struct {
	session *pgx.Conn
	owned   map[int16]bool
}

func (s *shards) list() []int16 { return slices.Sorted(maps.Keys(s.owned)) }

// join counts the session as a relay.
func (s *shards) join(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	_, err := s.session.Exec(ctx, `SELECT pg_advisory_lock_shared($1, 0)`, classMember)
	return err
}

// leave releases all shards at once. Ending the session would too, but later.
func (s *shards) leave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	_, err := s.session.Exec(ctx, `SELECT pg_advisory_unlock_all()`)
	return err
}

// balance takes free shards up to a fair share and releases what exceeds it. lost
// reports whether it released any.
func (s *shards) balance(ctx context.Context) (lost bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	var members int
	err = s.session.QueryRow(ctx, `
		SELECT count(*) FROM pg_locks
		WHERE locktype = 'advisory' AND classid = $1 AND objid = 0 AND objsubid = 2
		  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`, classMember).Scan(&members)
	if err != nil {
		return false, err
	}
	share := (event.Shards + members - 1) / max(members, 1)
	for shard := range s.owned {
		if len(s.owned) <= share {
			break
		}
		if _, err := s.session.Exec(ctx, `SELECT pg_advisory_unlock($1, $2)`, classShard, shard); err != nil {
			return lost, err
		}
		delete(s.owned, shard)
		lost = true
	}
	// In a random order, so that relays that start together rarely collide.
	for _, n := range rand.Perm(event.Shards) {
		shard := int16(n)
		if len(s.owned) >= share {
			break
		}
		if s.owned[shard] {
			continue
		}
		var taken bool
		if err := s.session.QueryRow(ctx, `SELECT pg_try_advisory_lock($1, $2)`, classShard, shard).Scan(&taken); err != nil {
			return lost, err
		}
		if taken {
			s.owned[shard] = true
		}
	}
	return lost, nil
}
