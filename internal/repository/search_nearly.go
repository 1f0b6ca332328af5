package repository

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tickler/internal/task"
)

const (
	// nearness is the required similarity to a word of a title, from 0 to 1. It
	// allows one wrong or missing letter in a word of six.
	nearness = 0.35
	// forgivenLength is the minimum length of a forgiven word, in characters: a
	// shorter one is similar to nearly everything.
	forgivenLength = 4
	// forgivenWords is how many words of a query, from the first on, are forgiven:
	// each one costs a search of all titles.
	forgivenWords = 8
	// forgivingTime is the time limit of that search.
	forgivingTime = "2s"
	// nearTitles is how many titles are considered for a word.
	nearTitles = 1000
)

// forgivable reports whether the term is a word that may be misspelt.
func (t parsedTerm) forgivable() bool {
	return !t.Not && !t.Phrase && utf8.RuneCountInString(t.Text) >= forgivenLength
}

// forgiving is a query in which some words may be misspelt.
type forgiving struct {
	alternatives [][]int // lists of terms that must all be met
	queries      []string
	words        []string // the forgiven ones
	wordOf       []int    // index of a term's word; -1 if the term is not forgiven
	way          task.Forgiving
}

// forgive selects the words of a query that may be misspelt.
func forgive(alternatives [][]parsedTerm) forgiving {
	var f forgiving
	for _, terms := range alternatives {
		var all []int
		for _, t := range terms {
			all = append(all, len(f.queries))
			word := -1
			switch {
			case !t.forgivable():
			case len(f.words) < forgivenWords:
				word = len(f.words)
				f.words = append(f.words, t.Text)
			default:
				f.way = task.ForgivesSome
			}
			f.queries, f.wordOf = append(f.queries, t.signed()), append(f.wordOf, word)
		}
		f.alternatives = append(f.alternatives, all)
	}
	return f
}

// met reports whether a task matches all terms of an alternative, exactly or by a
// similar word in its title.
func (f forgiving) met(exactly []bool, nearly map[int]float64) bool {
	for _, terms := range f.alternatives {
		all := len(terms) > 0
		for _, term := range terms {
			_, near := nearly[f.wordOf[term]]
			all = all && (exactly[term] || near)
		}
		if all {
			return true
		}
	}
	return false
}

// score returns how similar a title is to all words together, from 0 to 1.
func (f forgiving) score(nearly map[int]float64) float64 {
	sum := 0.0
	for word := range f.words { // in a fixed order, since floating-point sums depend on it
		sum += nearly[word]
	}
	return sum / float64(len(f.words))
}

// similarTitles finds tasks with similar words in the title. Without pg_trgm, or if
// it takes too long, it finds nothing and the transaction is no longer usable.
func (q userQuery) similarTitles(ctx context.Context, tx *transaction, filter task.Filter, after scored, size int) (hits, error) {
	f := forgive(q.alternatives)
	if len(f.words) == 0 {
		return hits{}, nil
	}
	near, err := nearTo(ctx, tx, f.words)
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) {
		switch e.Code {
		case "42883": // no such function
			return hits{}, nil
		case "57014": // timed out
			return hits{forgiving: task.ForgivesNone}, nil
		}
	}
	if err != nil {
		return hits{}, err
	}
	ids := make([]int64, 0, len(near))
	for id := range near {
		ids = append(ids, id)
	}
	rows, err := tx.Query(ctx, `
		SELECT t.id, ARRAY(SELECT t.search_vector @@ query::tsquery FROM unnest($3::text[]) WITH ORDINALITY AS term (query, place) ORDER BY place)
		FROM tasks t
		WHERE t.user_id = $1 AND t.id = ANY ($2) AND t.deleted_at IS NULL
		  AND ($4::text IS NULL OR t.search_vector @@ $4::text::tsquery) AND ($5::text[] IS NULL OR t.priority = ANY ($5::text[]::task_priority[]))
		  AND ($6::boolean IS NULL OR t.completed = $6)`,
		q.userID, ids, f.queries, q.filter, priorities(filter), filter.Completed)
	if err != nil {
		return hits{}, fmt.Errorf("search among similar titles: %w", err)
	}
	var matches []scoredTask
	var id int64
	var exactly []bool
	_, err = pgx.ForEachRow(rows, []any{&id, &exactly}, func() error {
		if f.met(exactly, near[id]) {
			matches = append(matches, scoredTask{id: id, score: f.score(near[id])})
		}
		return nil
	})
	if err != nil {
		return hits{}, fmt.Errorf("search among similar titles: %w", err)
	}
	found := ranked(matches, after, size)
	found.forgiving, found.forgiven = f.way, f.words
	return found, nil
}

// nearTo finds titles with similar words. For each task it returns which words
// matched, and how similar they are.
func nearTo(ctx context.Context, tx *transaction, words []string) (map[int64]map[int]float64, error) {
	near := map[int64]map[int]float64{}
	batch := &pgx.Batch{}
	batch.Queue(`SELECT set_config('pg_trgm.word_similarity_threshold', $1::float8::text, true), set_config('statement_timeout', $2, true)`,
		nearness, forgivingTime)
	batch.Queue(`
		SELECT (place - 1)::integer, id, similarity FROM unnest($1::text[]) WITH ORDINALITY AS given (word, place), search_titles(word, $2)`,
		words, nearTitles).Query(func(rows pgx.Rows) error {
		var word int
		var id int64
		var similarity float64
		_, err := pgx.ForEachRow(rows, []any{&word, &id, &similarity}, func() error {
			if near[id] == nil {
				near[id] = map[int]float64{}
			}
			near[id][word] = similarity
			return nil
		})
		return err
	})
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("search for similar titles: %w", err)
	}
	return near, nil
}
