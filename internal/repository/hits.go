package repository

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"tickler/internal/task"
)

// scored is a position in a search; both nil: the beginning.
type scored struct {
	score *float64
	id    *int64
}

// position reads where a page of a search begins.
func position(p task.Paging) (scored, error) {
	if p.After == nil {
		return scored{}, nil
	}
	score, err := strconv.ParseFloat(p.After.Value, 64)
	if err != nil {
		return scored{}, task.Invalid("cursor", "is not a cursor of this search; give next_cursor exactly as it was returned")
	}
	return scored{&score, &p.After.ID}, nil
}

// hits are what a search found: ids, best first, with their scores; total counts
// those of other pages too.
type hits struct {
	ids    []int64
	scores []float64
	total  int
}

func collectHits(rows pgx.Rows, err error) (hits, error) {
	if err != nil {
		return hits{}, err
	}
	var found hits
	var id *int64 // NULL where there is a total and no page
	var score *float64
	_, err = pgx.ForEachRow(rows, []any{&id, &score, &found.total}, func() error {
		if id != nil {
			found.ids, found.scores = append(found.ids, *id), append(found.scores, *score)
		}
		return nil
	})
	return found, err
}

// headlines shows where a task matches: its title, and parts of its description.
const headlines = `ARRAY[
	ts_headline('english', t.title, $4::text::tsquery, 'HighlightAll=true, StartSel=**, StopSel=**'),
	ts_headline('english', t.description, $4::text::tsquery, 'MaxFragments=2, MaxWords=16, MinWords=5, StartSel=**, StopSel=**, FragmentDelimiter=" … "')]`

const selectHits = `SELECT ` + taskColumns + `, hit.score, CASE WHEN $4 <> '' THEN ` + headlines + ` END ` + taskTables + `
	JOIN unnest($2::bigint[], $3::float8[]) WITH ORDINALITY AS hit (id, score, place) ON hit.id = t.id
	WHERE t.user_id = $1 ORDER BY hit.place`

// page reads the tasks that were found; one hit more than the page holds says
// that there is a next one. highlight is the tsquery of what to show; "": nothing.
func (h hits) page(ctx context.Context, tx pgx.Tx, userID int64, highlight string, p task.Paging) (task.Page, error) {
	page := task.Page{Total: h.total}
	if len(h.ids) > p.Limit {
		h.ids, h.scores = h.ids[:p.Limit], h.scores[:p.Limit]
		page.Next = &task.Position{Value: strconv.FormatFloat(h.scores[p.Limit-1], 'g', -1, 64), ID: h.ids[p.Limit-1]}
	}
	if len(h.ids) == 0 {
		return page, nil
	}
	rows, err := tx.Query(ctx, selectHits, userID, h.ids, h.scores, highlight)
	if err != nil {
		return page, err
	}
	defer rows.Close()
	for rows.Next() {
		var relevance float64
		var lines []string
		t, err := scanTask(rows, &relevance, &lines)
		if err != nil {
			return page, fmt.Errorf("read what was found: %w", err)
		}
		page.Tasks = append(page.Tasks, t)
		page.Relevance = append(page.Relevance, relevance)
		page.Highlights = append(page.Highlights, slices.DeleteFunc(lines, func(line string) bool { return !strings.Contains(line, "**") }))
	}
	return page, rows.Err()
}
