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
	query string // tsquery: stemmed or as it stands, or the label that has this name
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
SELECT numnode(stemmed) = 0, (
	(stemmed || plain) || coalesce((
		SELECT string_agg(lexeme, ' | ')::tsquery FROM names
		WHERE names.stemmed @@ (term.stemmed || term.plain) OR names.plain @@ (term.stemmed || term.plain)
	), ''))::text
FROM (
	SELECT place, phraseto_tsquery('english', word) AS stemmed,
	       CASE WHEN prefix THEN to_tsquery('simple', '''' || word || ''':*') ELSE phraseto_tsquery('simple', word) END AS plain
	FROM unnest($2::text[], $3::boolean[]) WITH ORDINALITY AS given (word, prefix, place)
) term
ORDER BY place`

func (r *Repository) parse(ctx context.Context, userID int64, q task.Query) ([][]parsedTerm, error) {
	var words []string
	var prefixes []bool
	for _, terms := range q.Any {
		for _, term := range terms {
			words, prefixes = append(words, term.Text), append(prefixes, term.Prefix)
		}
	}
	rows, err := r.pool.Query(ctx, parseTerms, userID, words, prefixes)
	if err != nil {
		return nil, err
	}
	parsed, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t parsedTerm, err error) {
		return t, row.Scan(&t.stop, &t.query)
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

// match is the whole query as one tsquery, and that of the words to rank by.
func match(userID int64, alternatives [][]parsedTerm) (query, words string) {
	var any, positive []string
	for _, terms := range alternatives {
		var all []string
		for _, t := range terms {
			if t.Not {
				all = append(all, "!("+t.query+")")
				continue
			}
			all = append(all, "("+t.query+")")
			positive = append(positive, "("+t.query+")")
		}
		if len(all) > 0 {
			any = append(any, "("+strings.Join(all, " & ")+")")
		}
	}
	if len(any) == 0 {
		return "", ""
	}
	// The user's own lexeme keeps the search in the index to the user's tasks.
	return fmt.Sprintf("' user %d' & (%s)", userID, strings.Join(any, " | ")), strings.Join(positive, " | ")
}

// rank scores a match: weights D, C, B, A. A word in the title outweighs any
// number of them in the description, which outweighs the name of a label.
const rank = `ts_rank('{0.005, 0.01, 0.05, 1.0}', t.search_vector, %s::tsquery)::float8`

// Search reads a page of the user's tasks that match a query, best first. When
// none does, words are forgiven that are nearly one of a title.
func (r *Repository) Search(ctx context.Context, userID int64, q task.Query, f task.Filter, p task.Paging) (task.Page, error) {
	alternatives, err := r.parse(ctx, userID, q)
	if err != nil {
		return task.Page{}, unavailable(fmt.Errorf("parse a query: %w", err))
	}
	query, words := match(userID, alternatives)
	if query == "" {
		return task.Page{}, nil
	}
	s := selectTasks(userID, f)
	s.and("t.search_vector @@ %s::tsquery", s.arg(query))
	score := fmt.Sprintf(rank, s.arg(words))
	s.rankArgs = 1
	if q.Highlight {
		s.highlight = words
	}
	page, err := r.page(ctx, r.pool, s, score, "float8", p)
	if err != nil || page.Total > 0 {
		return page, err
	}
	return r.forgive(ctx, userID, alternatives, f, p)
}

const (
	forgivenSimilarity = "0.35" // a letter wrong or missing in a word of six
	forgivenLength     = 4      // characters: shorter words are nearly everything
)

// forgive searches for titles with words like those of the query. Where pg_trgm
// could not be created, nothing is found.
func (r *Repository) forgive(ctx context.Context, userID int64, alternatives [][]parsedTerm, f task.Filter, p task.Paging) (task.Page, error) {
	s := selectTasks(userID, f)
	var any, scores []string
	for _, terms := range alternatives {
		var all []string
		for _, t := range terms {
			exact := fmt.Sprintf("t.search_vector @@ %s::tsquery", s.arg(t.query))
			switch {
			case t.Not:
				exact = "NOT " + exact
			case !t.Phrase && utf8.RuneCountInString(t.Text) >= forgivenLength:
				word := s.arg(t.Text)
				exact = fmt.Sprintf("(%s OR %s::text <%% t.title)", exact, word)
				scores = append(scores, fmt.Sprintf("word_similarity(%s::text, t.title)", word))
			}
			all = append(all, exact)
		}
		if len(all) > 0 {
			any = append(any, strings.Join(all, " AND "))
		}
	}
	if len(scores) == 0 {
		return task.Page{}, nil
	}
	s.and("(%s)", strings.Join(any, " OR "))
	score := fmt.Sprintf("((%s) / %d)::float8", strings.Join(scores, " + "), len(scores))
	var page task.Page
	err := pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT set_config('pg_trgm.word_similarity_threshold', $1, true)`, forgivenSimilarity); err != nil {
			return err
		}
		var err error
		page, err = r.page(ctx, tx, s, score, "float8", p)
		return err
	})
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) && e.Code == "42883" { // no such operator
		return task.Page{}, nil
	}
	return page, unavailable(err)
}
