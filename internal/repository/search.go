package repository

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"tickler/internal/task"
)

// parsedTerm is a term of a query in the form Postgres matches.
type parsedTerm struct {
	task.Term
	query string // tsquery of the user's own lexemes: stemmed, unstemmed, or the label with this name
	plain string // the same without the user's id
	stop  bool   // a stop word in English, such as "the"
}

// parseTerms parses the terms of a query. A category or tag named like the term is
// matched by its id, since the vectors of tasks hold ids.
const parseTerms = `
WITH names AS MATERIALIZED (
	SELECT ''' category ' || id || '''' AS lexeme, to_tsvector('english', name) AS stemmed, to_tsvector('simple', name) AS plain
	FROM categories WHERE user_id = $1
	UNION ALL
	SELECT ''' tag ' || id || '''', to_tsvector('english', name), to_tsvector('simple', name)
	FROM tags WHERE user_id = $1
)
SELECT stop, owned_words($1, query), query
FROM (
	SELECT place, numnode(stemmed) = 0 AS stop, ((stemmed || plain) || coalesce((
		SELECT string_agg(lexeme, ' | ')::tsquery FROM names
		WHERE names.stemmed @@ (term.stemmed || term.plain) OR names.plain @@ (term.stemmed || term.plain)
	), ''))::text AS query
	FROM (
		SELECT place, phraseto_tsquery('english', word) AS stemmed,
		       CASE WHEN prefix THEN to_tsquery('simple', '''' || word || ''':*') ELSE phraseto_tsquery('simple', word) END AS plain
		FROM unnest($2::text[], $3::boolean[]) WITH ORDINALITY AS given (word, prefix, place)
	) term
) parsed
ORDER BY place`

// ownTasks counts the user's tasks, including deleted ones, up to a limit.
const ownTasks = `SELECT count(*) FROM (SELECT FROM tasks t WHERE t.user_id = $1 LIMIT $2) own`

// parse parses the terms of a query and counts the user's tasks, up to one more than
// are ranked as a whole.
func parse(ctx context.Context, tx *transaction, userID int64, q task.Query) (alternatives [][]parsedTerm, own int, err error) {
	var words []string
	var prefixes []bool
	for _, terms := range q.Any {
		for _, term := range terms {
			words, prefixes = append(words, term.Text), append(prefixes, term.Prefix)
		}
	}
	var parsed []parsedTerm
	batch := &pgx.Batch{}
	batch.Queue(parseTerms, userID, words, prefixes).Query(func(rows pgx.Rows) (err error) {
		parsed, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (t parsedTerm, err error) {
			return t, row.Scan(&t.stop, &t.query, &t.plain)
		})
		return err
	})
	batch.Queue(ownTasks, userID, rankedWhole+1).QueryRow(func(row pgx.Row) error { return row.Scan(&own) })
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, 0, fmt.Errorf("parse a query: %w", err)
	}
	for _, terms := range q.Any {
		alternatives = append(alternatives, meaningful(terms, parsed[:len(terms)]))
		parsed = parsed[len(terms):]
	}
	return alternatives, own, nil
}

// meaningful drops stop words, unless there are no other words: they may mean
// something in another language.
func meaningful(terms []task.Term, parsed []parsedTerm) []parsedTerm {
	var all, telling []parsedTerm
	for i, p := range parsed {
		p.Term = terms[i]
		if p.query == "" {
			continue
		}
		all = append(all, p)
		if !p.stop {
			telling = append(telling, p)
		}
	}
	if len(telling) > 0 {
		return telling
	}
	return all
}

// match returns the whole query as one tsquery.
func match(alternatives [][]parsedTerm) string {
	var any []string
	for _, terms := range alternatives {
		var all []string
		for _, t := range terms {
			all = append(all, t.signed())
		}
		if len(all) > 0 {
			any = append(any, "("+strings.Join(all, " & ")+")")
		}
	}
	return strings.Join(any, " | ")
}

// bound reports whether each alternative contains a required word. Words carry the
// user's id, so such a query reads only the user's own entries in the index.
func bound(alternatives [][]parsedTerm) bool {
	for _, terms := range alternatives {
		if len(terms) > 0 && !slices.ContainsFunc(terms, func(t parsedTerm) bool { return !t.Not }) {
			return false
		}
	}
	return true
}

// signed returns the term as a tsquery, negated for an excluded term.
func (t parsedTerm) signed() string {
	if t.Not {
		return "!(" + t.query + ")"
	}
	return "(" + t.query + ")"
}

// words returns the terms that are not negated as one tsquery, each in the form that
// text selects.
func words(alternatives [][]parsedTerm, text func(parsedTerm) string) string {
	var positive []string
	for _, terms := range alternatives {
		for _, t := range terms {
			if !t.Not {
				positive = append(positive, "("+text(t)+")")
			}
		}
	}
	return strings.Join(positive, " | ")
}

// filed returns the tsquery for the required category and tags; nil: any.
func filed(userID int64, f task.Filter) *string {
	var all []string
	either := func(kind string, ids []int64, and string) {
		var lexemes []string
		for _, id := range ids {
			lexemes = append(lexemes, fmt.Sprintf("'%d  %s %d'", userID, kind, id))
		}
		if len(lexemes) > 0 {
			all = append(all, "("+strings.Join(lexemes, and)+")")
		}
	}
	either("category", f.CategoryIDs, " | ")
	if f.AllTags {
		either("tag", f.TagIDs, " & ")
	} else {
		either("tag", f.TagIDs, " | ")
	}
	if len(all) == 0 {
		return nil
	}
	query := strings.Join(all, " & ")
	return &query
}

// Search reads a page of the user's tasks that match a query, best first. If very
// many match, the newest tasks come first, ranked within groups of a few hundred,
// and the total is an estimate. If none match, words that are close to a word of a
// title are accepted too. Of the filter, only priorities, category and tags are
// used.
func (r *Repository) Search(ctx context.Context, userID int64, q task.Query, f task.Filter, p task.Paging) (page task.Page, err error) {
	after, err := position(p)
	if err != nil {
		return task.Page{}, err
	}
	err = r.read(ctx, userID, func(tx *transaction) error {
		alternatives, own, err := parse(ctx, tx, userID, q)
		if err != nil {
			return err
		}
		query := match(alternatives)
		if query == "" {
			return nil
		}
		filter := filed(userID, f)
		if filter != nil {
			query = fmt.Sprintf("(%s) & %s", query, *filter)
		} else if !bound(alternatives) {
			query = fmt.Sprintf("'%d  user %d' & (%s)", userID, userID, query)
		}
		w := wanted{
			userID: userID, query: query, priorities: priorities(f),
			words: words(alternatives, func(t parsedTerm) string { return t.query }),
		}
		found, err := w.find(ctx, tx, own, after, p.Limit+1)
		if err == nil && found.total == 0 && after.below == nil {
			found, err = w.nearly(ctx, tx, alternatives, filter, after, p.Limit+1)
		}
		if err != nil {
			return err
		}
		var highlight string
		if q.Highlight {
			highlight = words(alternatives, func(t parsedTerm) string { return t.plain })
		}
		page, err = found.page(ctx, tx, userID, highlight, p)
		return err
	})
	return page, unavailable(err)
}

func priorities(f task.Filter) []string {
	var names []string
	for _, p := range f.Priorities {
		names = append(names, string(p))
	}
	return names
}
