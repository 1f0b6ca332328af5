// Package repository is the one way to Postgres: transactions, queries, and the
// outbox rows that commit together with what they report.
//
// Which way to run a statement:
//
//   - To change a user's data: Tx, ChangeLabels or ChangeSettings, whose userTx
//     queues the events of the change for the commit. See transaction.
//   - To read a user's data in one statement or one batch: as(user).
//   - To read a user's data in several statements, or to ask Postgres itself on
//     whose behalf it works: read.
//   - To run several statements of a worker, for all users or none, such as an
//     effect and the events it handles: serve.
//   - To run one such statement or batch, such as a worker's scan or the lookup of
//     a token by its hash: the pool itself.
//
// All of them run transactions through sessions.run. The first three name the user
// they work for, and take a session from that user's share; the last two take no
// share, so that no user's calls hold up the workers. In either of the last two, a
// statement on a user's data by api or recurrer finds nothing: row-level security
// shows those roles no rows until they say whose they want. See
// docs/decisions/0006-transactions-without-round-trips.md and
// docs/decisions/0007-row-level-security.md.
package repository

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"tickler/internal/fault"
	"tickler/internal/journal"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/task"
	"tickler/migrations"
)

// Repository reads and writes for one app.
type Repository struct {
	pool     *pgxpool.Pool // for work outside of one user's data, and for authentication
	sessions *sessions     // for users' data
	room     *room
	pauses   *pauses
	mails    int // per user and 24 hours; 0 is no limit
	// source names the app in the events it causes.
	source string
	// committed is called after every commit that wrote to the outbox.
	committed func()
}

// New makes a repository for an app. committed must not block; it is called after
// every commit that left rows in the outbox.
func New(pool *pgxpool.Pool, source string, committed func()) *Repository {
	return &Repository{pool: pool, sessions: newSessions(pool), room: newRoom(0), pauses: newPauses(), source: source, committed: committed}
}

// connectTimeout bounds how long an app waits for its database at start.
const connectTimeout = 60 * time.Second

// Role is a Postgres role with exactly the rights that an app needs.
type Role string

// The roles; migrations/schema.sql shows what each may do.
const (
	RoleAPI      Role = "tickler_api"
	RoleNotifier Role = "tickler_notifier"
	RoleRecurrer Role = "tickler_recurrer"
	RoleRelay    Role = "tickler_relay"
)

// roles are what the apps call themselves in pg_stat_activity.
var roles = []Role{RoleAPI, RoleNotifier, RoleRecurrer, RoleRelay}

// maxSessions is how many sessions a pool opens, unless DATABASE_URL sets
// pool_max_conns. pgx derives its default from the number of processors, but
// sessions mostly wait for Postgres's disk, and sessions that wait at the same time
// commit together.
const maxSessions = 16

// Connect makes a pool whose sessions work under a role, whichever user
// DATABASE_URL logs in.
func Connect(ctx context.Context, url string, role Role) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("DATABASE_URL is not a Postgres URL; example: postgres://user:password@127.0.0.1:5432/tickler")
	}
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = maxSessions
	}
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	maps.Copy(config.ConnConfig.RuntimeParams, timeLimits[role])
	if role != "" {
		config.ConnConfig.RuntimeParams["application_name"] = string(role)
	}
	if role != "" && config.ConnConfig.User != string(role) {
		config.ConnConfig.RuntimeParams["role"] = string(role)
	}
	if role != "" {
		config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error { return checkRole(ctx, conn, role) }
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("make a connection pool: %w", err)
	}
	return pool, nil
}

// checkRole refuses a session whose role is not the requested one, which happens
// behind a pooler that drops the parameter. It also refuses a role that bypasses
// row-level security, which would leave only the queries to isolate users.
func checkRole(ctx context.Context, conn *pgx.Conn, role Role) error {
	var actual string
	var free bool
	err := conn.QueryRow(ctx, `SELECT rolname, rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user`).Scan(&actual, &free)
	if err != nil {
		return err
	}
	if actual != string(role) {
		return fmt.Errorf("the session works as %s and not as %s; a pooler between must pass on the startup parameter role; see docs/hardening.md", actual, role)
	}
	if free {
		return fmt.Errorf("the role %s may bypass row-level security; take that from it: ALTER ROLE %[1]s NOSUPERUSER NOBYPASSRLS", role)
	}
	return nil
}

// Open connects to Postgres under a role. It waits up to a minute for Postgres to
// answer and to have the schema this app needs, and logs while it waits. A schema
// that cannot be migrated is refused without waiting.
func Open(ctx context.Context, url string, role Role, log *slog.Logger) (*pgxpool.Pool, error) {
	pool, err := Connect(ctx, url, role)
	if err != nil {
		return nil, err
	}
	config := pool.Config()
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	for wait := 250 * time.Millisecond; ; wait = min(wait*2, 5*time.Second) {
		err := checkSchema(ctx, pool)
		if err == nil && role == RoleAPI { // streams are told
			var noted bool
			if noted, err = noteTimeline(ctx, pool); noted {
				log.Warn("the server of the database has another timeline, after a failover or point-in-time recovery: what was committed last may be missing, and streams begin anew")
			}
		}
		if err == nil {
			return pool, nil
		}
		if errors.Is(err, migrations.ErrOlderBuild) {
			pool.Close()
			return nil, err
		}
		log.Warn("the database is not ready yet, trying again", "error", err, "address", config.ConnConfig.Host, "port", config.ConnConfig.Port)
		select {
		case <-ctx.Done():
			pool.Close()
			if errors.Is(ctx.Err(), context.Canceled) { // by a signal, most likely
				return nil, fmt.Errorf("stopped before the database was ready: %w", err)
			}
			return nil, fmt.Errorf("the database was not ready within %s: %w", connectTimeout, err)
		case <-time.After(wait):
		}
	}
}

func checkSchema(ctx context.Context, pool *pgxpool.Pool) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var version int64
	err := pool.QueryRow(ctx, `SELECT max(version_id) FROM goose_db_version WHERE is_applied`).Scan(&version)
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) {
		switch e.Code {
		case "42P01", "22023": // no such table, no such role
			return errors.New("the database has no schema, or an old one; run: api migrate up")
		case "42501":
			return fmt.Errorf("%s: DATABASE_URL must log in as the one who ran api migrate up, or as a member of that role; see docs/hardening.md", e.Message)
		}
	}
	if err != nil {
		return err
	}
	if err := migrations.Check(version); err != nil {
		return err
	}
	if version < migrations.Version() {
		return fmt.Errorf("the database has schema version %d, this app needs %d; run: api migrate up", version, migrations.Version())
	}
	origin, err := ReadOrigin(ctx, pool)
	if err != nil {
		return fmt.Errorf("look whether the database was restored: %w", err)
	}
	if origin.Restored {
		return ErrRestored
	}
	return nil
}

// Ping checks that Postgres answers.
func (r *Repository) Ping(ctx context.Context) error { return r.pool.Ping(ctx) }

// Tx runs fn in one transaction on a user's tasks; see task.Store.
func (r *Repository) Tx(ctx context.Context, userID int64, fn func(task.Tx) error) error {
	return undisturbed(ctx, func() error {
		return r.change(ctx, userID, func(tx *userTx) error { return fn(tx) })
	})
}

// ChangeLabels does the same for categories and tags; see label.Store.
func (r *Repository) ChangeLabels(ctx context.Context, userID int64, fn func(label.Tx) error) error {
	return r.paused(ctx, userID, func(tx *pausedTx) error { return fn(tx) })
}

// ChangeSettings does the same for settings; see person.Store.
func (r *Repository) ChangeSettings(ctx context.Context, userID int64, fn func(person.Tx) error) error {
	return r.paused(ctx, userID, func(tx *pausedTx) error { return fn(tx) })
}

func (r *Repository) change(ctx context.Context, userID int64, fn func(*userTx) error) error {
	tx := &userTx{repository: r, userID: userID, call: journal.From(ctx, r.source)}
	err := r.sessions.transact(ctx, userID, changing, beginWriting(userID), func(t *transaction) error {
		tx.transaction = t
		if err := fn(tx); err != nil {
			return err
		}
		return tx.reportBlocking(ctx)
	})
	if err == nil && tx.wroteEvents {
		r.committed()
	}
	return unavailable(foreignKeyConflict(err))
}

// read runs fn in a read-only transaction on behalf of a user, whose statements all see
// the same moment. It is for work that asks Postgres itself on whose behalf it is, or
// that takes several statements.
func (r *Repository) read(ctx context.Context, userID int64, fn func(*transaction) error) error {
	return r.sessions.run(ctx, userID, reading, beginFor(beginSnapshot, userID), fn)
}

// serve runs fn in a worker's transaction, and commits unless fn fails.
func (r *Repository) serve(ctx context.Context, fn func(*transaction) error) error {
	return r.sessions.transact(ctx, nobody, serving, beginServing(), fn)
}

// errReferenceGone means that a category or tag, or after a long time a parent, was
// deleted for good after it was looked up and before it was referred to.
var errReferenceGone = &fault.Error{
	Code: fault.Conflict, Message: "a category, a tag or the parent of this task was deleted at the same moment; nothing was changed",
	Hint: "list_categories and list_tags show what there is; then try again",
}

// foreignKeyConflict explains the only foreign key violations that can occur.
func foreignKeyConflict(err error) error {
	var e *pgconn.PgError
	if !errors.As(err, &e) || e.Code != "23503" {
		return err
	}
	return errReferenceGone
}

// userTx is a transaction that sees one user's data only.
type userTx struct {
	*transaction
	repository  *Repository
	userID      int64
	call        journal.Call // that all its entries are of
	wroteEvents bool
	undoing     undoing
	blocking    blocking
	because     string // the change that changes tasks too; see because
	inserted    bool   // the task had been removed for good
	// An undo checks once, in the end, whether there is room for the tasks that it
	// brings back.
	roomLater, roomNeeded bool
}

// unavailable marks temporary database errors with fault.ErrUnavailable.
func unavailable(err error) error {
	if err == nil {
		return nil
	}
	var known *fault.Error
	if errors.As(err, &known) || errors.Is(err, fault.ErrNotFound) {
		return err
	}
	var connect *pgconn.ConnectError
	var server *pgconn.PgError
	var network net.Error
	passing := errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, context.DeadlineExceeded) || pgconn.SafeToRetry(err)
	if errors.As(err, &server) {
		if refusal, known := tookTooLong[server.Code]; known {
			return refusal
		}
		switch server.Code[:2] {
		case "08", "40", "53", "57": // connection, rolled back because of a conflict, resources, operator intervention
			passing = true
		case "22", "23": // data, constraint
			return fmt.Errorf("%w: %w", fault.ErrRefused, err)
		}
	}
	if passing {
		return fmt.Errorf("%w: %w", fault.ErrUnavailable, err)
	}
	return err
}
