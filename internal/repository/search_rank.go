package repository

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"
)

// rankWeights are the weights of D, C, B and A in search_vector. One word in the
// title (A) outweighs any number of words in the description (B), one there any number
// in comments (C), and one of these the name of a label (D).
var rankWeights = []float32{0.005, 0.01, 0.05, 1}

// A search with few matches ranks them all. Ranking very many would be slow (ten
// thousand rows lie on as many pages), and their order would mean little. In that
// case the user's tasks are read in windows, newest first, and ranked within each
// window. See docs/decisions/0008-search.md.
const (
	rankedWhole = 2000 // matches that are all ranked
	windowTasks = 500  // tasks in a window

	// denseWindow is how many matches a window must have for windows to be
	// worthwhile: few of them then fill a page.
	denseWindow = windowTasks / 20

	// If half of the newest tasks match, very many may match, and the first window
	// then tells more about it than the index.
	sampleTasks = 100
	denseSample = sampleTasks / 2
)

// everything means no limit on the number of matches.
const everything = 0

// scoredTask is a task that matches, and how well.
type scoredTask struct {
	id    int64
	score float64
}

// wanted is what a search looks for.
type wanted struct {
	userID     int64
	query      string   // tsquery that a task must match
	words      string   // tsquery of the words that rank it
	priorities []string // nil: any
	done       *bool    // only completed ones, or only open ones; nil: both
}

// find reads a page of matches, best first. own is the user's number of tasks,
// counted up to one more than rankedWhole.
func (w wanted) find(ctx context.Context, tx *transaction, own int, after scored, size int) (hits, error) {
	if after.below != nil {
		found, _, err := w.byWindows(ctx, tx, after, size, rankedWhole+1)
		return found, err
	}
	if after.id == nil && own > rankedWhole {
		found, answered, err := w.ofMany(ctx, tx, size)
		if err != nil || answered {
			return found, err
		}
	}
	matches, err := w.matches(ctx, tx, everything)
	return ranked(matches, after, size), err
}

// ofMany finds the first page for a user with many tasks, unless all matches must be
// ranked.
func (w wanted) ofMany(ctx context.Context, tx *transaction, size int) (found hits, answered bool, err error) {
	atLeast := 0
	newest, err := w.sample(ctx, tx)
	if err != nil {
		return hits{}, false, err
	}
	if newest < denseSample {
		matches, err := w.matches(ctx, tx, rankedWhole+1)
		if err != nil {
			return hits{}, false, err
		}
		if len(matches) <= rankedWhole {
			return ranked(matches, scored{}, size), true, nil
		}
		atLeast = len(matches)
	}
	return w.byWindows(ctx, tx, scored{}, size, atLeast)
}

// sample counts the matches among the newest tasks.
func (w wanted) sample(ctx context.Context, tx *transaction) (matches int, err error) {
	err = tx.QueryRow(ctx, `
		SELECT count(*) FROM (
			SELECT t.deleted_at, t.priority, t.completed, t.search_vector FROM tasks t WHERE t.user_id = $1 ORDER BY t.id DESC LIMIT $2
		) newest
		WHERE deleted_at IS NULL AND ($3::text[] IS NULL OR priority = ANY ($3::text[]::task_priority[])) AND ($5::boolean IS NULL OR completed = $5)
		  AND search_vector @@ $4::text::tsquery`,
		w.userID, sampleTasks, w.priorities, w.query, w.done).Scan(&matches)
	if err != nil {
		return 0, fmt.Errorf("search the newest tasks: %w", err)
	}
	return matches, nil
}

// matches reads up to limit matching tasks, in no order. It calls a function because
// behind a policy Postgres would not use the index on words.
func (w wanted) matches(ctx context.Context, tx *transaction, limit int) ([]scoredTask, error) {
	rows, err := tx.Query(ctx, `
		SELECT id, score FROM search_matches($1::text::tsquery, $2::text::tsquery, $3::real[], $4::text[]::task_priority[], $6, nullif($5::integer, 0))`,
		w.query, w.words, rankWeights, w.priorities, limit, w.done)
	if err == nil {
		var found []scoredTask
		if found, err = collectScored(rows); err == nil {
			return found, nil
		}
	}
	return nil, fmt.Errorf("search: %w", err)
}

// window is a run of the user's tasks, consecutive by id.
type window struct {
	below   int64 // its exclusive end: all its tasks have smaller ids
	lower   int64 // the smallest id in it
	tasks   int
	matches []scoredTask
}

// byWindows reads a page, starting with the window that after names, or with the
// newest. atLeast is a known lower bound of the matches. It returns nothing if the
// newest window has too few matches for this to pay off.
func (w wanted) byWindows(ctx context.Context, tx *transaction, after scored, size, atLeast int) (found hits, answered bool, err error) {
	below := int64(math.MaxInt64)
	if after.below != nil {
		below = *after.below
	}
	for first := true; len(found.ids) < size; first = false {
		var own int // only from the first window
		read, err := w.window(ctx, tx, below, first, &own)
		if err != nil {
			return hits{}, false, err
		}
		if read.tasks == 0 {
			break
		}
		if first {
			found.total = estimate(own, read, atLeast)
			if after.below == nil && !worthWindows(read, found.total) {
				return hits{}, false, nil
			}
		}
		found.add(best(read.matches, after, size-len(found.ids)), &read.below)
		below, after = read.lower, scored{}
	}
	return found, true, nil
}

// estimate extrapolates this window's matches to all of the user's tasks.
func estimate(own int, read window, atLeast int) int {
	return max(atLeast, own*len(read.matches)/read.tasks)
}

// worthWindows reports whether reading by windows is worthwhile.
func worthWindows(read window, estimate int) bool {
	return len(read.matches) >= denseWindow && estimate > rankedWhole
}

const (
	windowBounds = `
		SELECT coalesce(min(id), 0), coalesce(max(id), 0), count(*)
		FROM (SELECT t.id FROM tasks t WHERE t.user_id = $1 AND t.id < $2 ORDER BY t.id DESC LIMIT $3) run`
	windowMatches = `
		SELECT id, ts_rank($5::real[], search_vector, $6::text::tsquery)::float8
		FROM (
			SELECT t.id, t.deleted_at, t.priority, t.completed, t.search_vector FROM tasks t
			WHERE t.user_id = $1 AND t.id < $2 ORDER BY t.id DESC LIMIT $3
		) run
		WHERE deleted_at IS NULL AND ($4::text[] IS NULL OR priority = ANY ($4::text[]::task_priority[])) AND ($8::boolean IS NULL OR completed = $8)
		  AND search_vector @@ $7::text::tsquery`
	allOwnTasks = `SELECT count(*) FROM tasks t WHERE t.user_id = $1`
)

// window reads the newest tasks below an id and, on request, the user's number of
// tasks.
func (w wanted) window(ctx context.Context, tx *transaction, below int64, count bool, own *int) (window, error) {
	read := window{below: below}
	var newest int64
	batch := &pgx.Batch{}
	batch.Queue(windowBounds, w.userID, below, windowTasks).QueryRow(func(row pgx.Row) error {
		return row.Scan(&read.lower, &newest, &read.tasks)
	})
	batch.Queue(windowMatches, w.userID, below, windowTasks, w.priorities, rankWeights, w.words, w.query, w.done).Query(func(rows pgx.Rows) (err error) {
		read.matches, err = collectScored(rows)
		return err
	})
	if count {
		batch.Queue(allOwnTasks, w.userID).QueryRow(func(row pgx.Row) error { return row.Scan(own) })
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return window{}, fmt.Errorf("search a window of tasks: %w", err)
	}
	read.below = min(below, newest+1)
	return read, nil
}

// ranked returns a page of all matches.
func ranked(matches []scoredTask, after scored, size int) hits {
	found := hits{total: len(matches)}
	found.add(best(matches, after, size), nil)
	return found
}

// best returns up to size matches after a position, the best first and the newest
// first among equals.
func best(matches []scoredTask, after scored, size int) []scoredTask {
	better := func(a, b scoredTask) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.id, a.id))
	}
	if after.id != nil {
		last := scoredTask{id: *after.id, score: *after.score}
		matches = slices.DeleteFunc(slices.Clone(matches), func(m scoredTask) bool { return better(m, last) <= 0 })
	}
	sorted := slices.SortedFunc(slices.Values(matches), better)
	return sorted[:min(size, len(sorted))]
}

func collectScored(rows pgx.Rows) (all []scoredTask, err error) {
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (s scoredTask, err error) {
		return s, row.Scan(&s.id, &s.score)
	})
}
