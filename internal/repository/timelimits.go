package repository

import "tickler/internal/fault"

// timeLimits bound how long work may take, by role: somebody waits for api, whereas
// notifier claims and prunes thousands of rows at once. They are connection
// parameters because SET ROLE does not apply a role's settings. Migrations run under
// none of these roles and have no limit.
//
// A relay waits outside of transactions, for as long as it likes. Each statement
// gets one Postgres process, so that a search cannot take all processors. Nothing is
// compiled for a statement: after a crash Postgres knows little of the tables, takes
// lists of some tasks for long work, and compiling takes seconds on a busy machine.
// https://www.postgresql.org/docs/current/runtime-config-client.html
var timeLimits = map[Role]map[string]string{
	RoleAPI:      limits("15s", "5s", "10s"),
	RoleRecurrer: limits("15s", "5s", "10s"),
	RoleNotifier: limits("60s", "10s", "30s"),
	RoleRelay:    limits("60s", "10s", "30s"),
}

// limits are the longest that a statement may take, may wait for a lock, and that a
// transaction may wait for its next statement.
func limits(statement, lock, idle string) map[string]string {
	return map[string]string{
		"statement_timeout": statement, "lock_timeout": lock, "idle_in_transaction_session_timeout": idle,
		"max_parallel_workers_per_gather": "0", "jit": "off",
	}
}

// takeTime extends the time limits for the rest of a transaction. Changing every
// task of a user, of which there may be 100,000, takes ten seconds or more.
const takeTime = `SET LOCAL statement_timeout = '150s'`

// tookTooLong maps Postgres's error codes to the errors for calls that exceeded a
// limit. The transaction was rolled back.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
var tookTooLong = map[string]*fault.Error{
	"57014": fault.Busy("this took longer than a call may take, and nothing was changed").WithHint("ask for less: fewer words, a smaller page, a category or tag; or " + fault.TryAgain),
	"55P03": fault.Busy("another call is changing the same at this moment, and nothing was changed"),
	"25P03": fault.Busy("this took longer than a call may take, and nothing was changed"),
}
