package repository_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/repository"
	"tickler/internal/task"
)

func (b *bundle) search(t *testing.T, query string) []string {
	t.Helper()
	found, err := b.service.Search(b.ctx, b.ann, task.SearchInput{Query: query})
	require.NoError(t, err)
	for _, hit := range found.Hits {
		require.NotNil(t, hit.Relevance)
	}
	return titles(found)
}

func TestNamesOfTagsAndCategoriesAreFoundWithWordsOfTheTask(t *testing.T) {
	b := setup(t)
	b.category(t, b.ann, "Household chores")
	b.add(t, b.ann, task.Fields{Title: input.Some("Pay"), Description: input.Some("the plumber"), Category: input.Some("Household chores"), Tags: input.Some([]string{"urgent calls", "Büro"})})
	b.add(t, b.ann, task.Fields{Title: input.Some("Büro putzen")})
	b.category(t, b.bob, "Household chores")
	b.add(t, b.bob, task.Fields{Title: input.Some("Bob's"), Category: input.Some("Household chores"), Tags: input.Some([]string{"büro"})})
	require.Equal(t, []string{"Pay"}, b.search(t, "household"))
	require.Equal(t, []string{"Pay"}, b.search(t, "househ"))
	require.Equal(t, []string{"Pay"}, b.search(t, `"household chores"`))
	require.Equal(t, []string{"Pay"}, b.search(t, "plumber household calls"))
	require.Equal(t, []string{"Büro putzen", "Pay"}, b.search(t, "büro"), "a title outranks a tag")
	require.Equal(t, []string{"Büro putzen"}, b.search(t, "büro -household"))
	_, err := b.labels.UpdateCategory(b.ctx, b.ann, label.UpdateCategoryInput{CategoryInput: label.CategoryInput{Category: "Household chores"}, Name: input.Some("Home")})
	require.NoError(t, err)
	require.Equal(t, []string{"Pay"}, b.search(t, "home"))
	require.Empty(t, b.search(t, "household"))
	_, err = b.labels.DeleteTag(b.ctx, b.ann, label.TagInput{Tag: "büro"})
	require.NoError(t, err)
	require.Equal(t, []string{"Büro putzen"}, b.search(t, "büro"))
	require.Empty(t, b.search(t, "user"), "what the vector holds beside words is no word")
	require.Empty(t, b.search(t, fmt.Sprint(b.ann.UserID)))
}

func TestOtherLanguagesAreNotLost(t *testing.T) {
	b := setup(t)
	for _, title := range []string{"Was kochen wir?", "Rechnungen bezahlen", "Über die Brücke", "Позвонить маме", "computing 101", "Kauf im Laden"} {
		b.add(t, b.ann, task.Fields{Title: input.Some(title)})
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
	b.add(t, b.ann, task.Fields{Title: input.Some("car red")})
	b.add(t, b.ann, task.Fields{Title: input.Some("buy red"), Description: input.Some("car wax, car")})
	require.Empty(t, b.search(t, `"red car"`))
	require.Empty(t, b.search(t, `"car car"`))
}

func TestTyposAreForgivenOnlyWhenNothingElseMatches(t *testing.T) {
	b := setup(t)
	b.add(t, b.ann, task.Fields{Title: input.Some("Send the invoices"), Tags: input.Some([]string{"money"})})
	b.add(t, b.ann, task.Fields{Title: input.Some("Dentist appointment")})
	b.add(t, b.bob, task.Fields{Title: input.Some("Bob's invoices")})
	for _, query := range []string{"invoce", "invoicse", "invioces send", "money invoce"} {
		require.Equal(t, []string{"Send the invoices"}, b.search(t, query), query)
	}
	require.Equal(t, []string{"Dentist appointment"}, b.search(t, "dentits"))
	require.Empty(t, b.search(t, "invoce dentist"))
	require.Empty(t, b.search(t, "invoce -send"))
	require.Empty(t, b.search(t, "xylophone"))
	b.add(t, b.ann, task.Fields{Title: input.Some("invoce")})
	require.Equal(t, []string{"invoce"}, b.search(t, "invoce"), "what matches exactly comes alone")

	require.Equal(t, []string{"Dentist appointment"}, b.search(t, "apointmet"), "two letters off")
	_, err := b.pool.Exec(b.ctx, `DROP EXTENSION pg_trgm CASCADE`)
	require.NoError(t, err)
	require.Empty(t, b.search(t, "apointmet"), "without pg_trgm that is not forgiven, and nothing fails")
	require.Equal(t, []string{"Dentist appointment"}, b.search(t, "dentits"), "what is one letter off is")
}

func TestTitleOutranksAnyNumberOfWordsInTheDescription(t *testing.T) {
	b := setup(t)
	b.add(t, b.ann, task.Fields{Title: input.Some("Meeting"), Description: input.Some(strings.Repeat("budget report numbers ", 400))})
	b.add(t, b.ann, task.Fields{Title: input.Some("Budget"), Description: input.Some("report, numbers")})
	require.Equal(t, []string{"Budget", "Meeting"}, b.search(t, "budget"))
	require.Equal(t, []string{"Budget", "Meeting"}, b.search(t, "budget report numbers"))
}

// If very many tasks match, the newest come first, and each comes once.
func TestASearchThatVeryManyMatchGoesThroughAllFromTheNewest(t *testing.T) {
	b := setup(t)
	const many = 9000
	_, err := b.pool.Exec(b.ctx, `
		INSERT INTO tasks (user_id, title, description, priority, time_zone, created_at, updated_at, deleted_at)
		SELECT $1, CASE WHEN n % 2 = 0 THEN 'Errand ' || n ELSE 'Other ' || n END, CASE WHEN n % 2 = 1 THEN 'an errand' ELSE '' END,
		       CASE WHEN n % 3 = 0 THEN 'high' ELSE 'low' END::task_priority, 'UTC', now(), now(), CASE WHEN n % 10 = 0 THEN now() END
		FROM generate_series(1, $2) n`, b.ann.UserID, many)
	require.NoError(t, err)
	b.add(t, b.bob, task.Fields{Title: input.Some("Bob's errand")})
	for _, in := range []task.SearchInput{{Query: "errand"}, {Query: "errand", Selection: task.Selection{Priority: []task.Priority{task.High}}}} {
		left := many * 9 / 10
		if len(in.Priority) > 0 {
			left = many * 3 / 10
		}
		seen := map[int64]bool{}
		for in.Limit = 100; ; {
			found, err := b.service.Search(b.ctx, b.ann, in)
			require.NoError(t, err)
			require.True(t, found.Estimated)
			require.InEpsilon(t, left, found.Total, 0.15)
			if in.Cursor == "" {
				require.Contains(t, found.Hits[0].Title, "Errand", "a title outranks a description among the newest")
				require.Greater(t, found.Hits[0].ID, int64(many-500))
			}
			for _, one := range found.Hits {
				require.False(t, seen[one.ID], "%d comes twice", one.ID)
				seen[one.ID] = true
			}
			if in.Cursor = found.NextCursor; in.Cursor == "" {
				break
			}
		}
		require.Len(t, seen, left)
	}
	few, err := b.service.Search(b.ctx, b.ann, task.SearchInput{Query: `errand 8999 `})
	require.NoError(t, err)
	require.False(t, few.Estimated)
	require.Equal(t, 1, few.Total)
}

// If the newest tasks all match, that says nothing about older ones.
func TestASearchThatOnlyTheNewestMatchIsCountedAndRankedWhole(t *testing.T) {
	b := setup(t)
	_, err := b.pool.Exec(b.ctx, `
		INSERT INTO tasks (user_id, title, description, time_zone, created_at, updated_at)
		SELECT $1, CASE WHEN n = 1 THEN 'Errand' ELSE 'Other ' || n END, CASE WHEN n > 2400 THEN 'an errand' ELSE '' END, 'UTC', now(), now()
		FROM generate_series(1, 2500) n`, b.ann.UserID)
	require.NoError(t, err)
	found, err := b.service.Search(b.ctx, b.ann, task.SearchInput{Query: "errand"})
	require.NoError(t, err)
	require.False(t, found.Estimated)
	require.Equal(t, 101, found.Total)
	require.Equal(t, "Errand", found.Hits[0].Title, "a title outranks a description, however old")
}

func TestDetailedSearchShowsWhereItMatches(t *testing.T) {
	b := setup(t)
	b.add(t, b.ann, task.Fields{Title: input.Some("Send the invoices"), Description: input.Some(strings.Repeat("nothing here ", 50) + "the invoice of the plumber" + strings.Repeat(" and so on", 50))})
	found, err := b.service.Search(b.ctx, b.ann, task.SearchInput{Query: "invoice", Highlight: true})
	require.NoError(t, err)
	require.Len(t, found.Hits[0].Highlights, 2)
	require.Equal(t, "Send the **invoices**", found.Hits[0].Highlights[0])
	require.Contains(t, found.Hits[0].Highlights[1], "**invoice** of the plumber")
	require.Less(t, len(found.Hits[0].Highlights[1]), 300)
}

func TestHugeAndHostileQueriesAreAnswered(t *testing.T) {
	b := setup(t)
	b.add(t, b.ann, task.Fields{Title: input.Some("x")})
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
	// From the sixth on, Postgres may plan without looking at the values.
	plans := b.plansWithin(t, 7, 7, `SELECT * FROM search_matches($$'7 errand' & '7 9':*$$, $$'7 errand'$$, '{0.1,0.1,0.1,1}', NULL, NULL, 2001)`)
	require.Equal(t, 7, strings.Count(plans, "Bitmap Index Scan on idx_tasks_search"), plans)
	require.NotContains(t, plans, "Seq Scan")
	plans = b.plansWithin(t, 7, 7, `SELECT * FROM search_titles('invoce', 1000)`)
	require.Equal(t, 7, strings.Count(plans, "Bitmap Index Scan on idx_tasks_trigrams"), plans)
	require.Contains(t, plans, "(user_id)::text")
	require.NotContains(t, plans, "Seq Scan")
}

// plansWithin repeats a statement on one connection and returns the plans of the
// statements inside its functions, as Postgres logs them.
func (b *bundle) plansWithin(t *testing.T, userID int64, times int, sql string) string {
	t.Helper()
	var plans strings.Builder
	config := b.pool.Config().ConnConfig
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { plans.WriteString(n.Message) }
	conn, err := pgx.ConnectConfig(b.ctx, config)
	require.NoError(t, err)
	defer func() { _ = conn.Close(b.ctx) }()
	_, err = conn.Exec(b.ctx, fmt.Sprintf(`LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;
		SET auto_explain.log_level = 'notice'; SET tickler.user_id = '%d'`, userID))
	require.NoError(t, err)
	for range times {
		_, err = conn.Exec(b.ctx, sql)
		require.NoError(t, err)
	}
	return plans.String()
}

func TestSearchAnswersForNobodyButTheUserItWorksFor(t *testing.T) {
	b := setup(t)
	b.add(t, b.bob, task.Fields{Title: input.Some("secret")})
	ask := func(caller int64, sql string) (found int) {
		b.as(t, repository.RoleAPI, caller, func(tx pgx.Tx) {
			_, err := tx.Exec(b.ctx, `SET LOCAL pg_trgm.word_similarity_threshold = 0.35`)
			require.NoError(t, err)
			require.NoError(t, tx.QueryRow(b.ctx, sql).Scan(&found))
		})
		return found
	}
	for _, sql := range []string{
		fmt.Sprintf(`SELECT count(*) FROM search_matches($$'%d secret'$$, '', '{0,0,0,1}', NULL, NULL, NULL)`, b.bob.UserID),
		`SELECT count(*) FROM search_matches($$!'x'$$, '', '{0,0,0,1}', NULL, NULL, NULL)`,
		`SELECT count(*) FROM search_titles('secrte', 10)`,
	} {
		require.Equal(t, 1, ask(b.bob.UserID, sql), sql)
		require.Zero(t, ask(b.ann.UserID, sql), sql)
		require.Zero(t, ask(0, sql), "nobody said for whom: %s", sql)
	}
}

func TestWordsThatRunOnForeverAreStored(t *testing.T) {
	b := setup(t)
	for _, endless := range []string{"x", "'", `\`, `\'`, "ß", "語", "😀", "a-", "a.b/"} {
		n := len([]rune(endless))
		b.add(t, b.ann, task.Fields{Title: input.Some(strings.Repeat(endless, 200/n)), Description: input.Some(strings.Repeat(endless, 10_000/n))})
	}
	b.add(t, b.ann, task.Fields{Title: input.Some("o'clock it's"), Description: input.Some(`back\slash 'quoted' "double" :* & | ! ' user 7'`)})
	for _, query := range []string{"clock", "quoted", "back", "it's"} {
		require.Equal(t, []string{"o'clock it's"}, b.search(t, query), query)
	}
}
