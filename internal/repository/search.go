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
	words string // the words of the term as the index has them, separated by blanks
	stem  string // of a term that is one word: its stem in English
	query string // tsquery of the user's own lexemes: stemmed, unstemmed, or the label with this name
	plain string // the same without the user's id
	stop  bool   // a stop word in English, such as "the"

	corrections int // how many words of query stand in for a misspelt one
}

// parseTerms parses the terms of a query into words as they are indexed. A category
// or tag named like the term is matched by its id, since the vectors of tasks hold
// ids.
const parseTerms = `
WITH names AS MATERIALIZED (
	SELECT ''' category ' || id || '''' AS lexeme, words FROM categories WHERE user_id = $1
	UNION ALL
	SELECT ''' tag ' || id || '''', words FROM tags WHERE user_id = $1
)
SELECT stop, words, stem, owned_words($1, query), query
FROM (
	SELECT place, words, numnode(stemmed) = 0 AS stop, CASE WHEN numnode(stemmed) = 1 THEN trim(stemmed::text, '''') ELSE '' END AS stem,
	       ((stemmed || plain) || coalesce((
			SELECT string_agg(lexeme, ' | ')::tsquery FROM names WHERE names.words @@ (stemmed || plain)
	       ), ''))::text AS query
	FROM (
		SELECT place, words, phraseto_tsquery('english', words) AS stemmed,
		       words_phrase(words, prefix) || words_phrase(spelt_out, prefix) || words_phrase(joined, prefix) AS plain
		FROM (
			SELECT place, prefix, trim(search_words(word)) AS words, coalesce(search_words(spell_out_letters(word)), '') AS spelt_out,
			       CASE WHEN word !~ '[^[:alpha:]\u2010\u2011-]' THEN coalesce(trim(search_words(join_words(word))), '') ELSE '' END AS joined
			FROM unnest($2::text[], $3::boolean[]) WITH ORDINALITY AS given (word, prefix, place)
			OFFSET 0 -- here and below: so that each is computed once
		) written OFFSET 0
	) term OFFSET 0
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
			return t, row.Scan(&t.stop, &t.words, &t.stem, &t.query, &t.plain)
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
// and the total is an estimate. If none match, misspelt words are forgiven. Of the
// filter, only priorities, category, tags and whether they are completed are used.
func (r *Repository) Search(ctx context.Context, userID int64, q task.Query, f task.Filter, p task.Paging) (page task.Page, err error) {
	after, err := position(p)
	if err != nil {
		return task.Page{}, err
	}
	var asked userQuery
	err = r.read(ctx, userID, func(tx *transaction) error {
		alternatives, own, err := parse(ctx, tx, userID, q)
		if err != nil {
			return err
		}
		asked = userQuery{userID, alternatives, filed(userID, f)}
		w := asked.wanted(f)
		if w.query == "" {
			return nil
		}
		found, err := w.find(ctx, tx, own, after, p.Limit+1)
		if err == nil && found.total == 0 && after.below == nil {
			found, asked, err = asked.forgiving(ctx, tx, f, after, p.Limit+1)
		}
		if err != nil {
			return err
		}
		var highlight string
		if q.Highlight {
			highlight = words(asked.alternatives, func(t parsedTerm) string { return t.plain })
		}
		page, err = found.page(ctx, tx, userID, highlight, p)
		return err
	})
	if err == nil && page.Total == 0 && p.After == nil {
		page.Alone, err = r.matchAlone(ctx, asked, f)
	}
	return page, unavailable(err)
}

// userQuery is a query of a user, with the labels that tasks must have.
type userQuery struct {
	userID       int64
	alternatives [][]parsedTerm
	filter       *string // tsquery of the labels; nil: any
}

// wanted returns what to look for. Its query is "" if the query has no words.
func (q userQuery) wanted(f task.Filter) wanted {
	query := match(q.alternatives)
	switch {
	case query == "":
	case q.filter != nil:
		query = fmt.Sprintf("(%s) & %s", query, *q.filter)
	case !bound(q.alternatives):
		query = fmt.Sprintf("'%d  user %d' & (%s)", q.userID, q.userID, query)
	}
	return wanted{
		userID: q.userID, query: query, priorities: priorities(f), done: f.Completed,
		words: words(q.alternatives, func(t parsedTerm) string { return t.query }),
	}
}

func priorities(f task.Filter) []string {
	var names []string
	for _, p := range f.Priorities {
		names = append(names, string(p))
	}
	return names
}
