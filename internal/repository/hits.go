package repository

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"tickler/internal/fault"
	"tickler/internal/task"
)

// scored is a position in the results of a search; all nil is the beginning. For
// searches by windows, below is the end of the current window.
type scored struct {
	score *float64
	id    *int64
	below *int64
}

// position decodes the cursor of a page.
func position(p task.Paging) (scored, error) {
	if p.After == nil {
		return scored{}, nil
	}
	at := scored{id: &p.After.ID}
	rank, window, windowed := strings.Cut(p.After.Value, "@")
	score, err := strconv.ParseFloat(rank, 64)
	if at.score = &score; err == nil && windowed {
		var below int64
		below, err = strconv.ParseInt(window, 10, 64)
		at.below = &below
	}
	if err != nil {
		return scored{}, fault.Invalid("cursor", "is not a cursor of this search; give next_cursor exactly as it was returned")
	}
	return at, nil
}

// position returns the position after the hit at index i.
func (h hits) position(i int) *task.Position {
	at := task.Position{Value: strconv.FormatFloat(h.scores[i], 'g', -1, 64), ID: h.ids[i]}
	if h.below[i] != nil {
		at.Value += "@" + strconv.FormatInt(*h.below[i], 10)
	}
	return &at
}

// hits are the results of a search: ids, best first, with their scores. total counts
// all pages.
type hits struct {
	ids    []int64
	scores []float64
	below  []*int64 // the end of its window, where there are windows
	total  int

	forgiving task.Forgiving
	forgiven  []string
}

// add adds the tasks of a window that ends below, which is nil if there are no
// windows.
func (h *hits) add(found []scoredTask, below *int64) {
	for _, f := range found {
		h.ids, h.scores, h.below = append(h.ids, f.id), append(h.scores, f.score), append(h.below, below)
	}
}

// excerpts are how ts_headline shows a long text.
const excerpts = `'MaxFragments=2, MaxWords=16, MinWords=5, StartSel=**, StopSel=**, FragmentDelimiter=" … "'`

// headlines selects the matching parts of a task: its title, excerpts of its
// description, and excerpts of the latest two comments that match.
const headlines = `ARRAY[
	ts_headline('english', t.title, $4::text::tsquery, 'HighlightAll=true, StartSel=**, StopSel=**'),
	ts_headline('english', t.description, $4::text::tsquery, ` + excerpts + `)] ||
	ARRAY(
		SELECT 'comment: ' || ts_headline('english', one, $4::text::tsquery, ` + excerpts + `)
		FROM unnest(t.said) WITH ORDINALITY AS said (one, place)
		WHERE to_tsvector('english', one) @@ $4::text::tsquery ORDER BY place LIMIT 2)`

var selectHits = `SELECT ` + taskColumns + `, hit.score, CASE WHEN $4 <> '' THEN ` + headlines + ` END AS lines` + taskTables + `
	JOIN unnest($2::bigint[], $3::float8[]) WITH ORDINALITY AS hit (id, score, place) ON hit.id = t.id
	WHERE t.user_id = $1 ORDER BY hit.place`

// page reads the tasks of a page. One hit more than the page holds means that there
// is a next page. highlight is the tsquery to highlight, "" for none.
func (h hits) page(ctx context.Context, tx *transaction, userID int64, highlight string, p task.Paging) (task.Page, error) {
	page := task.Page{Total: h.total, Forgiving: h.forgiving, Forgiven: h.forgiven, Estimated: len(h.below) > 0 && h.below[0] != nil}
	if len(h.ids) > p.Limit {
		page.Next = h.position(p.Limit - 1)
		h.ids, h.scores = h.ids[:p.Limit], h.scores[:p.Limit]
	}
	if len(h.ids) == 0 {
		return page, nil
	}
	rows, err := tx.Query(ctx, selectHits, userID, h.ids, h.scores, highlight)
	if err != nil {
		return page, err
	}
	defer rows.Close()
	for space := (pageText{left: maxPageText}); rows.Next(); {
		one, err := pgx.RowToStructByName[foundTask](rows)
		if err != nil {
			return page, fmt.Errorf("read what was found: %w", err)
		}
		t := one.task()
		if !space.fitsTask(t) { // it begins the next page
			page.Next = h.position(slices.Index(h.ids, t.ID) - 1)
			return page, nil
		}
		page.Hits = append(page.Hits, task.Hit{
			Task: t, Relevance: &one.Score,
			Highlights: slices.DeleteFunc(one.Lines, func(line string) bool { return !strings.Contains(line, "**") }),
		})
	}
	return page, rows.Err()
}

// foundTask is a task with its score and, if asked for, the lines in which it matches.
type foundTask struct {
	selectedTask
	Score float64  `db:"score"`
	Lines []string `db:"lines"`
}
