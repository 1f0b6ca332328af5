package repository

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"tickler/internal/task"
)

const (
	// correctedLength is the maximum length of a word that is corrected: a longer
	// one has more neighbors than are worth looking up.
	correctedLength = 24
	// correctionSample is how many tasks are looked at to learn which neighbors of a
	// word exist.
	correctionSample = 20
	// lookedUp is how many neighbors are looked up at a time. The cost of a query of
	// n words grows with the square of n.
	lookedUp = 100
	// maxCorrections is how many words may stand for a misspelt one.
	maxCorrections = 8
)

// forgiving searches for a query that nothing matches exactly. It accepts words that
// are one letter off, wherever they are in a task, and returns the query with them.
// If that finds nothing either, it accepts similar words in titles.
func (q userQuery) forgiving(ctx context.Context, tx *transaction, f task.Filter, after scored, size int) (hits, userQuery, error) {
	corrected, forgiven, err := q.corrected(ctx, tx)
	if err != nil {
		return hits{}, q, err
	}
	if len(forgiven) > 0 {
		matches, err := corrected.wanted(f).matches(ctx, tx, rankedWhole)
		if err != nil || len(matches) > 0 {
			found := ranked(matches, after, size)
			found.forgiven, found.forgiving = forgiven, forgive(q.alternatives).way
			return found, corrected, err
		}
	}
	found, err := q.similarTitles(ctx, tx, f, after, size)
	return found, q, err
}

// corrected returns the query with the words that the user has and that are one
// letter off a word of the query, beside that word. forgiven are the words of the
// query for which there are any. Words that no task has are corrected; if each of
// them is in some task, all are.
func (q userQuery) corrected(ctx context.Context, tx *transaction) (corrected userQuery, forgiven []string, err error) {
	var words []*parsedTerm
	corrected = userQuery{q.userID, nil, q.filter}
	for _, terms := range q.alternatives {
		terms = slices.Clone(terms)
		corrected.alternatives = append(corrected.alternatives, terms)
		for i := range terms {
			if terms[i].correctable() && len(words) < forgivenWords {
				words = append(words, &terms[i])
			}
		}
	}
	if len(words) == 0 {
		return corrected, nil, nil
	}
	known := make([]bool, len(words))
	batch := &pgx.Batch{}
	for i, t := range words {
		batch.Queue(`SELECT EXISTS (SELECT FROM search_matches($1::text::tsquery, ''::tsquery, '{0,0,0,0}', NULL, NULL, 1))`, t.query).QueryRow(func(row pgx.Row) error {
			return row.Scan(&known[i])
		})
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return corrected, nil, fmt.Errorf("look for words of a query: %w", err)
	}
	batch = &pgx.Batch{}
	for i, t := range words {
		if !known[i] || !slices.Contains(known, false) {
			t.queueCorrections(batch, q.userID)
		}
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return corrected, nil, fmt.Errorf("correct the words of a query: %w", err)
	}
	for _, t := range words {
		if t.corrections > 0 {
			forgiven = append(forgiven, t.Text)
		}
	}
	return corrected, forgiven, nil
}

// correctable reports whether neighbors of the term can be looked up.
func (t parsedTerm) correctable() bool {
	return t.forgivable() && utf8.RuneCountInString(t.words) <= correctedLength && !strings.ContainsFunc(t.words, func(r rune) bool { return !unicode.IsLetter(r) }) &&
		alphabetOf(t.words) != ""
}

// queueCorrections adds to the term the words of the user's tasks that are one letter
// off. A sample of the tasks that match any neighbor tells which neighbors exist.
func (t *parsedTerm) queueCorrections(batch *pgx.Batch, userID int64) {
	near := neighbors(t.words)
	if t.stem != "" && t.stem != t.words && utf8.RuneCountInString(t.stem) >= forgivenLength-1 {
		near = append(near, neighbors(t.stem)...)
	}
	slices.Sort(near)
	near = slices.Compact(near)
	prefix := fmt.Sprintf("%d ", userID)
	for i := range near {
		near[i] = prefix + near[i]
	}
	var queries []string
	for some := range slices.Chunk(near, lookedUp) {
		queries = append(queries, "'"+strings.Join(some, "' | '")+"'")
	}
	batch.Queue(`
		SELECT DISTINCT word FROM tasks t, unnest(tsvector_to_array(t.search_vector)) word
		WHERE t.user_id = $1 AND word = ANY ($3)
		  AND t.id = ANY (ARRAY(
			SELECT found.id FROM unnest($2::text[]) query, search_matches(query::tsquery, ''::tsquery, '{0,0,0,0}', NULL, NULL, $4) found LIMIT $4))
		ORDER BY word LIMIT $5`,
		userID, queries, near, correctionSample, maxCorrections).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		for _, word := range found {
			t.query += " | '" + word + "'"
			t.plain += " | '" + strings.TrimPrefix(word, prefix) + "'"
		}
		t.corrections = len(found)
		return err
	})
}

// alphabets are the letters of scripts in which misspelt words are corrected, as the
// index has them.
var alphabets = []string{
	"abcdefghijklmnopqrstuvwxyz",
	"абвгдежзиклмнопрстуфхцчшщъыьэюяіє",
	"αβγδεζηθικλμνξοπρστυφχψω",
	"אבגדהוזחטיכלמנסעפצקרשתךםןףץ",
	"ابتثجحخدذرزسشصضطظعغفقكلمنهويةىء",
}

// alphabetOf returns the letters of the script that a word begins with, "" if it has
// no alphabet here.
func alphabetOf(word string) string {
	first, _ := utf8.DecodeRuneInString(word)
	for _, alphabet := range alphabets {
		if strings.ContainsRune(alphabet, first) {
			return alphabet
		}
	}
	return ""
}

// neighbors lists the words that are one letter off a word: one letter less, more or
// other, or two letters swapped.
func neighbors(word string) (all []string) {
	letters, alphabet := []rune(word), []rune(alphabetOf(word))
	edit := func(before []rune, inserted string, after []rune) {
		all = append(all, string(before)+inserted+string(after))
	}
	for i := range len(letters) + 1 {
		before, after := letters[:i], letters[i:]
		for _, letter := range alphabet {
			edit(before, string(letter), after)
		}
		if len(after) == 0 {
			continue
		}
		edit(before, "", after[1:])
		for _, letter := range alphabet {
			if letter != after[0] {
				edit(before, string(letter), after[1:])
			}
		}
		if len(after) > 1 && after[0] != after[1] {
			edit(before, string([]rune{after[1], after[0]}), after[2:])
		}
	}
	return all
}
