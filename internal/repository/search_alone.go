package repository

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"tickler/internal/task"
)

// maxAlone is how many words of a query are tried by themselves.
const maxAlone = 8

// matchAlone returns the words of a query, of which no task has all, that would find
// tasks by themselves.
func (r *Repository) matchAlone(ctx context.Context, q userQuery, f task.Filter) (alone []string, err error) {
	var words []parsedTerm
	for _, terms := range q.alternatives {
		for _, t := range terms {
			if !t.Not && len(words) < maxAlone {
				words = append(words, t)
			}
		}
	}
	if len(words) < 2 {
		return nil, nil
	}
	err = r.read(ctx, q.userID, func(tx *transaction) error {
		batch := &pgx.Batch{}
		for _, t := range words {
			one := userQuery{q.userID, [][]parsedTerm{{t}}, q.filter}.wanted(f)
			batch.Queue(`SELECT EXISTS (SELECT FROM search_matches($1::text::tsquery, ''::tsquery, '{0,0,0,0}', $2::text[]::task_priority[], $3, 1))`,
				one.query, one.priorities, one.done).QueryRow(func(row pgx.Row) error {
				var found bool
				if err := row.Scan(&found); err != nil || !found {
					return err
				}
				alone = append(alone, t.Text)
				return nil
			})
		}
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return fmt.Errorf("search for each word of a query: %w", err)
		}
		return nil
	})
	return alone, err
}
