package repository_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/task"
)

func (b *bundle) search(t *testing.T, query string) []string {
	t.Helper()
	found, err := b.service.Search(b.ctx, b.ann, task.SearchInput{Query: query})
	require.NoError(t, err)
	require.Len(t, found.Relevance, len(found.Tasks))
	return titles(found)
}

func TestNamesOfTagsAndCategoriesAreFoundWithWordsOfTheTask(t *testing.T) {
	b := setup(t)
	b.category(t, b.ann, "Household chores")
	b.add(t, b.ann, task.AddInput{Title: "Pay", Description: "the plumber", Category: "Household chores", Tags: []string{"urgent calls", "Büro"}})
	b.add(t, b.ann, task.AddInput{Title: "Büro putzen"})
	b.category(t, b.bob, "Household chores")
	b.add(t, b.bob, task.AddInput{Title: "Bob's", Category: "Household chores", Tags: []string{"büro"}})
	require.Equal(t, []string{"Pay"}, b.search(t, "household"))
	require.Equal(t, []string{"Pay"}, b.search(t, "househ"))
	require.Equal(t, []string{"Pay"}, b.search(t, `"household chores"`))
	require.Equal(t, []string{"Pay"}, b.search(t, "plumber household calls"))
	require.Equal(t, []string{"Büro putzen", "Pay"}, b.search(t, "büro"), "a title outranks a tag")
	require.Equal(t, []string{"Büro putzen"}, b.search(t, "büro -household"))
	_, err := b.service.UpdateCategory(b.ctx, b.ann, task.UpdateCategoryInput{CategoryInput: task.CategoryInput{Category: "Household chores"}, Name: task.Some("Home")})
	require.NoError(t, err)
	require.Equal(t, []string{"Pay"}, b.search(t, "home"))
	require.Empty(t, b.search(t, "household"))
	_, err = b.service.DeleteTag(b.ctx, b.ann, task.TagInput{Tag: "büro"})
	require.NoError(t, err)
	require.Equal(t, []string{"Büro putzen"}, b.search(t, "büro"))
	require.Empty(t, b.search(t, "user"), "what the vector holds beside words is no word")
	require.Empty(t, b.search(t, fmt.Sprint(b.ann.UserID)))
}

func TestOtherLanguagesAreNotLost(t *testing.T) {
	b := setup(t)
	for _, title := range []string{"Was kochen wir?", "Rechnungen bezahlen", "Über die Brücke", "Позвонить маме", "computing 101", "Kauf im Laden"} {
		b.add(t, b.ann, task.AddInput{Title: title})
	}
	require.Equal(t, []string{"Was kochen wir?"}, b.search(t, "was"), "an English stop word is a word elsewhere")
	require.Equal(t, []string{"Rechnungen bezahlen"}, b.search(t, "rechnunge"))
	require.Equal(t, []string{"Über die Brücke"}, b.search(t, "ÜBER brücke"))
	require.Equal(t, []string{"Позвонить маме"}, b.search(t, "маме"))
	require.Equal(t, []string{"computing 101"}, b.search(t, "computin"), "a prefix need not be a stem")
	require.Empty(t, b.search(t, "-rechnungen bezahlen "))
}

func TestPhraseDoesNotMatchAcrossTexts(t *testing.T) {
	b := setup(t)
	b.add(t, b.ann, task.AddInput{Title: "car red"})
	b.add(t, b.ann, task.AddInput{Title: "buy red", Description: "car wax, car"})
	require.Empty(t, b.search(t, `"red car"`))
	require.Empty(t, b.search(t, `"car car"`))
}

func TestTyposAreForgivenOnlyWhenNothingElseMatches(t *testing.T) {
	b := setup(t)
	b.add(t, b.ann, task.AddInput{Title: "Send the invoices", Tags: []string{"money"}})
	b.add(t, b.ann, task.AddInput{Title: "Dentist appointment"})
	b.add(t, b.bob, task.AddInput{Title: "Bob's invoices"})
	for _, query := range []string{"invoce", "invoicse", "invioces send", "money invoce"} {
		require.Equal(t, []string{"Send the invoices"}, b.search(t, query), query)
	}
	require.Equal(t, []string{"Dentist appointment"}, b.search(t, "dentits"))
	require.Empty(t, b.search(t, "invoce dentist"))
	require.Empty(t, b.search(t, "invoce -send"))
	require.Empty(t, b.search(t, "xylophone"))
	b.add(t, b.ann, task.AddInput{Title: "invoce"})
	require.Equal(t, []string{"invoce"}, b.search(t, "invoce"), "what matches exactly comes alone")

	_, err := b.pool.Exec(b.ctx, `DROP EXTENSION pg_trgm CASCADE`)
	require.NoError(t, err)
	require.Empty(t, b.search(t, "dentits"), "without pg_trgm nothing is forgiven, and nothing fails")
}

func TestTitleOutranksAnyNumberOfWordsInTheDescription(t *testing.T) {
	b := setup(t)
	b.add(t, b.ann, task.AddInput{Title: "Meeting", Description: strings.Repeat("budget report numbers ", 400)})
	b.add(t, b.ann, task.AddInput{Title: "Budget", Description: "report, numbers"})
	require.Equal(t, []string{"Budget", "Meeting"}, b.search(t, "budget"))
	require.Equal(t, []string{"Budget", "Meeting"}, b.search(t, "budget report numbers"))
}

func TestDetailedSearchShowsWhereItMatches(t *testing.T) {
	b := setup(t)
	b.add(t, b.ann, task.AddInput{Title: "Send the invoices", Description: strings.Repeat("nothing here ", 50) + "the invoice of the plumber" + strings.Repeat(" and so on", 50)})
	found, err := b.service.Search(b.ctx, b.ann, task.SearchInput{Query: "invoice", Highlight: true})
	require.NoError(t, err)
	require.Len(t, found.Highlights[0], 2)
	require.Equal(t, "Send the **invoices**", found.Highlights[0][0])
	require.Contains(t, found.Highlights[0][1], "**invoice** of the plumber")
	require.Less(t, len(found.Highlights[0][1]), 300)
}

func TestHugeAndHostileQueriesAreAnswered(t *testing.T) {
	b := setup(t)
	b.add(t, b.ann, task.AddInput{Title: "x"})
	for _, query := range []string{
		strings.Repeat("a ", 250), strings.Repeat("-a ", 166), strings.Repeat(`"`, 500), strings.Repeat("or ", 166),
		`'a' & !! | b:* <-> c`, `\ \' \"`, "' user 1'", "a:A", "🥛", "١٢٣", "e\u0301tude", "-", "-the", "1e5 -2.5 v2.10 a/b/c http://x.y/z?q=1 me@example.com",
	} {
		b.search(t, query)
	}
}

func TestSearchIsServedByItsIndexes(t *testing.T) {
	b := setup(t)
	b.seedMany(t)
	_, err := b.pool.Exec(b.ctx, `
		INSERT INTO tasks (user_id, title, time_zone, created_at, updated_at)
		SELECT 7, 'Errand ' || n, 'UTC', now(), now() FROM generate_series(1, 5000) n`)
	require.NoError(t, err)
	_, err = b.pool.Exec(b.ctx, `VACUUM ANALYZE tasks`)
	require.NoError(t, err)
	plan := b.plan(t, `SELECT id FROM tasks t WHERE t.user_id = 7 AND t.deleted_at IS NULL AND t.search_vector @@ ''' user 7'' & (''invoic'' | ''invoice'':*)'::tsquery`)
	require.Contains(t, plan, "idx_tasks_search")
	plan = b.plan(t, `SELECT id FROM tasks t WHERE t.deleted_at IS NULL AND (t.search_vector @@ '''invoce'''::tsquery OR 'invoce'::text <% t.title)`)
	require.Contains(t, plan, "idx_tasks_trigrams")
}

func TestMigrationsGoDownAndUpAgain(t *testing.T) {
	b := setup(t)
	added := b.add(t, b.ann, task.AddInput{Title: "Pay the invoice", Tags: []string{"money"}})
	b.migrate(t, 2)
	var title string
	require.NoError(t, b.pool.QueryRow(b.ctx, `SELECT title FROM tasks WHERE search_vector @@ to_tsquery('english', 'invoices')`).Scan(&title))
	b.migrate(t, newest)
	require.Equal(t, []string{"Pay the invoice"}, b.search(t, "money"), "the tags are there again")
	_, err := b.service.Get(b.ctx, b.ann, added.ID)
	require.NoError(t, err)
}
