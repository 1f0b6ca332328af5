package repository

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tickler/internal/task"
)

// parsedTerm is a term of a query as Postgres matches it.
type parsedTerm struct {
	task.Term
	query string // tsquery of the user's own lexemes: stemmed or as it stands, or the label that has this name
	plain string // the same without the user
	stop  bool   // a word that says nothing in English, such as "the"
}

// parseTerms reads the terms of a query. A category or tag whose name has the
// term is found by its id, which is what the vectors of tasks hold.
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

func parse(ctx context.Context, tx *transaction, userID int64, q task.Query) ([][]parsedTerm, error) {
	var words []string
	var prefixes []bool
	for _, terms := range q.Any {
		for _, term := range terms {
			words, prefixes = append(words, term.Text), append(prefixes, term.Prefix)
		}
	}
	rows, err := tx.Query(ctx, parseTerms, userID, words, prefixes)
	if err != nil {
		return nil, err
	}
	parsed, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t parsedTerm, err error) {
		return t, row.Scan(&t.stop, &t.query, &t.plain)
	})
	if err != nil {
		return nil, err
	}
	var alternatives [][]parsedTerm
	for _, terms := range q.Any {
		alternatives = append(alternatives, meaningful(terms, parsed[:len(terms)]))
		parsed = parsed[len(terms):]
	}
	return alternatives, nil
}

// meaningful leaves out the words that say nothing, unless there are no others:
// they may say something in another language.
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

// match is the whole query as one tsquery.
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

// signed is the term as a tsquery, negated if it must not be there.
func (t parsedTerm) signed() string {
	if t.Not {
		return "!(" + t.query + ")"
	}
	return "(" + t.query + ")"
}

// words are those that a task shall have, as one tsquery, as text tells them.
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

// filed is the tsquery of how tasks must be filed; nil: in any way.
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

// Search reads a page of the user's tasks that match a query, best first. Where
// very many match, the newest tasks come first, best first among some hundred of
// them, and the total is an estimate. When none does, words are forgiven that
// are nearly one of a title. Of the filter, only priorities, category and tags
// count.
func (r *Repository) Search(ctx context.Context, userID int64, q task.Query, f task.Filter, p task.Paging) (page task.Page, err error) {
	after, err := position(p)
	if err != nil {
		return task.Page{}, err
	}
	err = r.read(ctx, userID, func(tx *transaction) error {
		alternatives, err := parse(ctx, tx, userID, q)
		if err != nil {
			return fmt.Errorf("parse a query: %w", err)
		}
		query := match(alternatives)
		if query == "" {
			return nil
		}
		filter := filed(userID, f)
		if filter != nil {
			query = fmt.Sprintf("(%s) & %s", query, *filter)
		}
		ranked := words(alternatives, func(t parsedTerm) string { return t.query })
		hits, err := collectHits(tx.Query(ctx, `SELECT * FROM search_tasks($1, $2::text::tsquery, $3::text::tsquery, $4::text[]::task_priority[], $5, $6, $7, $8)`,
			userID, query, ranked, priorities(f), after.below, after.score, after.id, p.Limit+1))
		if err == nil && hits.total == 0 && after.below == nil {
			hits, err = nearly(ctx, tx, userID, alternatives, filter, f, after, p)
		}
		if err != nil {
			return err
		}
		var highlight string
		if q.Highlight {
			highlight = words(alternatives, func(t parsedTerm) string { return t.plain })
		}
		page, err = hits.page(ctx, tx, userID, highlight, p)
		return err
	})
	return page, unavailable(err)
}

const (
	forgivenLength = 4 // characters: shorter words are nearly everything
	// forgivenWords are the first of a query: each costs a look at all titles.
	forgivenWords = 8
	// forgivingTime is how long that may take.
	forgivingTime = "2s"
)

// nearly searches for titles with words like those of the query. Where pg_trgm
// could not be created, or it takes too long, nothing is found, and the transaction
// can be used no more.
func nearly(ctx context.Context, tx *transaction, userID int64, alternatives [][]parsedTerm, filter *string, f task.Filter, after scored, p task.Paging) (found hits, err error) {
	var places []int
	var queries []string
	var near []*string
	forgiven, way := 0, task.ForgivesAll
	for place, terms := range alternatives {
		for _, t := range terms {
			places, queries, near = append(places, place), append(queries, t.signed()), append(near, nil)
			switch {
			case t.Not || t.Phrase || utf8.RuneCountInString(t.Text) < forgivenLength:
			case forgiven < forgivenWords:
				near[len(near)-1] = &t.Text
				forgiven++
			default:
				way = task.ForgivesSome
			}
		}
	}
	if forgiven == 0 {
		return hits{}, nil
	}
	if _, err := tx.Exec(ctx, `SELECT set_config('statement_timeout', $1, true)`, forgivingTime); err != nil {
		return hits{}, err
	}
	found, err = collectHits(tx.Query(ctx, `SELECT id, score, NULL::bigint, total FROM search_tasks_nearly($1, $2, $3::text[]::tsquery[], $4, $5::text::tsquery, $6::text[]::task_priority[], $7, $8, $9)`,
		userID, places, queries, near, filter, priorities(f), after.score, after.id, p.Limit+1))
	found.forgiving = way
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) {
		switch e.Code {
		case "42883": // no such operator
			return hits{}, nil
		case "57014": // it took too long
			return hits{forgiving: task.ForgivesNone}, nil
		}
	}
	return found, err
}

func priorities(f task.Filter) []string {
	var names []string
	for _, p := range f.Priorities {
		names = append(names, string(p))
	}
	return names
}
