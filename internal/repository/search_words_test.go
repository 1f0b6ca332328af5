package repository_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"tickler/internal/input"
	"tickler/internal/pgtest"
	"tickler/internal/task"
	"tickler/migrations"
)

// What people write, and what they then look for, in their own language and with the
// names their programs give to things.
func TestTextIsFoundByWhatPeopleTypeForIt(t *testing.T) {
	b := setup(t)
	for _, c := range []struct {
		title, description string
		by, not            []string
	}{
		{title: "明天会议室预订", by: []string{"预订", "会议", "会议室", "议室预", "明天", "订", "室", "明", "明天会议室预订", `"会议室"`}, not: []string{"会室", "订预", "预约"}},
		{title: "今月の売上レポート", by: []string{"売上", "レポ", "レポート", "の", "ト", "今月 レポート"}, not: []string{"売レ", "上売"}},
		{title: "내일 회의를 준비", by: []string{"회의", "의를", "준비", "회"}, not: []string{"회를"}},
		{title: "ｶﾀｶﾅ", by: []string{"カタカナ", "タカ"}},
		{title: "ประชุมทีมขาย", by: []string{"ประชุม", "ทีม", "ขาย", "ป"}, not: []string{"ทีขาย"}},
		{title: "ກອງປະຊຸມ", by: []string{"ປະຊຸມ"}},
		{title: "𠮷野家で昼食", by: []string{"𠮷野", "昼食", "野家で"}},
		{title: "Qwen3模型 test", by: []string{"模型", "Qwen3", "qwen3模型", "型 test"}},
		{title: "naïve Bayes résumé", by: []string{"resume", "naive", "NAÏVE", "résumé", `"naive bayes"`, "resum", "bayes -dry"}, not: []string{"-naive bayes "}},
		{title: "re\u0301union cafe\u0301", by: []string{"réunion", "reunion", "café", "cafe"}},
		{title: "L'hôtel à Paris", by: []string{"hotel", "hôtel", "L'hôtel", "l’hôtel", `"hotel a paris"`}},
		{title: "E-Mail an Bob", by: []string{"email", "e-mail", "E-Mail", "mail", "emai", "bob email", "e-mails"}, not: []string{"email Ann"}},
		{title: "Email Ann", by: []string{"e-mail", "E‑Mail", "email"}, not: []string{"mail"}},
		{title: "New Wi-Fi router", by: []string{"wifi", "wi-fi", "fi"}, not: []string{"wire"}},
		{title: "Termin in Köln", by: []string{"Koln", "Koeln", "Köln", "KÖLN", "köl", "termin koeln"}, not: []string{"Kassel"}},
		{title: "Urlaub in Muenster", by: []string{"Münster", "muenster"}},
		{title: "Straße fegen", by: []string{"Strasse", "STRASSE", "straße"}},
		{title: "Smørrebrød på Læsø", by: []string{"smorrebrod", "smoerrebroed", "laeso", "pa"}},
		{title: "Łódź wyjazd", by: []string{"lodz", "łódź"}},
		{title: "Kapıcı İstanbul", by: []string{"kapici", "istanbul", "KAPICI", "İSTANBUL"}},
		{title: "Đặt vé Nguyễn Trường", by: []string{"dat ve", "nguyen", "truong", "đặt"}},
		{title: "Άγιος ΝΙΚΌΛΑΟΣ", by: []string{"αγιος", "νικολαος", "άγιος"}},
		{title: "Ёлка йогурт", by: []string{"елка", "ёлка", "йогурт"}},
		{title: "مُحَمَّد كِتَاب", by: []string{"محمد", "كتاب"}},
		{title: "שָׁלוֹם", by: []string{"שלום"}},
		{title: "हिन्दी किताब", by: []string{"किताब", "हिन्दी"}},
		{title: "Ｆｕｌｌ　Ｗｉｄｔｈ", by: []string{"full", "width"}},
		{title: "ﬁnal oﬃce", by: []string{"final", "office"}},
		{title: "report_final_v2.pdf", by: []string{"pdf", "final", "report", "v2", "report_final", "report_final_v2.pdf", "final_v2", "report_fi"}, not: []string{"final_report"}},
		{title: "budget-2026.tar.gz", by: []string{"2026", "tar", "tar.gz", "budget-2026"}},
		{title: "invoiceTotal.go und iPhone", by: []string{"invoiceTotal", "invoicetotal", "total", "iphone", "iPhone"}},
		{title: "see issue", description: "ref RE-88123 https://git.example.org/team/repo/issues/4711",
			by: []string{"88123", "RE-88123", "4711", "repo", "team", "git.example.org", "example.org", "https://git.example.org/team/repo/issues/4711", "repo/issues", "git.example.org/te"}, not: []string{"88124"}},
		{title: "write to anna.lee@mail.example.net", by: []string{"anna.lee@mail.example.net", "lee", "mail.example", "anna"}},
		{title: "pay 1,299.50 on +49 30 1234567", by: []string{"1299 or 299", "1,299.50", "1234567", "49"}},
		{title: "Learn C++ 23", by: []string{"C++", "c++ 23", "learn c++", "c lear"}, not: []string{"C#", "F#"}},
		{title: "Learn C# basics", by: []string{"C#", "csharp", "learn c#", `"c# basics"`}, not: []string{"C++", "F#"}},
		{title: "F# meetup", by: []string{"F#"}, not: []string{"C#"}},
		{title: "Upgrade to .NET 10", by: []string{".NET", "net", ".net 10"}},
		{title: "R&D budget", by: []string{"R&D", "r&d budget"}},
		{title: "fix #42 in Notepad++", by: []string{"#42", "42", "notepad++", "notepad fix"}},
		{title: "🎂 für Oma", by: []string{"🎂", "🎂 oma"}, not: []string{"🎄"}},
		{title: "👍🏽 send", by: []string{"👍", "👍🏽", "👍🏿"}},
		{title: "❤️ family 👨‍👩‍👧 🇩🇪", by: []string{"❤", "❤️", "👨‍👩‍👧", "👧", "🇩🇪"}, not: []string{"🇪🇩"}},
		{title: "zero\u00adwidth\u200b join", by: []string{"zerowidth"}},
	} {
		added, err := b.service.Add(b.ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some(c.title), Description: input.Some(c.description)}})
		require.NoError(t, err, c.title)
		for _, query := range c.by {
			require.Equal(t, []string{added.Task.Title}, b.search(t, query), query)
		}
		for _, query := range c.not {
			found, err := b.service.Search(b.ctx, b.ann, task.SearchInput{Query: query})
			require.NoError(t, err)
			require.True(t, len(found.Hits) == 0 || len(found.Forgiven) > 0, "%s is not what stands there", query)
		}
		_, err = b.service.Delete(b.ctx, b.ann, added.Task.ID)
		require.NoError(t, err)
	}
}

func TestNamesOfLabelsAreFoundAsTextIs(t *testing.T) {
	b := setup(t)
	b.category(t, b.ann, "Büro_München")
	b.add(t, b.ann, task.Fields{Title: input.Some("x"), Category: input.Some("Büro_München"), Tags: input.Some([]string{"会议纪要", "c++"})})
	for _, query := range []string{"buro", "buero", "muenchen", "纪要", "会", "C++"} {
		require.Equal(t, []string{"x"}, b.search(t, query), query)
	}
	require.Empty(t, b.search(t, "c#"))
}

func TestMisspeltWordIsFoundInDescriptionsAndBelowTitles(t *testing.T) {
	b := setup(t)
	b.add(t, b.ann, task.Fields{Title: input.Some("Call somebody"), Description: input.Some("the plumber, about the sink")})
	b.add(t, b.ann, task.Fields{Title: input.Some("Pay the plumber")})
	b.add(t, b.ann, task.Fields{Title: input.Some("Résumé überarbeiten"), Description: input.Some("Позвонить сантехнику")})
	b.add(t, b.bob, task.Fields{Title: input.Some("Bob's plummets")})
	for query, want := range map[string][]string{
		"plummer": {"Pay the plumber", "Call somebody"}, "call plumbr": {"Call somebody"}, "plumbre": {"Pay the plumber", "Call somebody"},
		"uberarbeitten": {"Résumé überarbeiten"}, "resumme": {"Résumé überarbeiten"}, "сантехнеку": {"Résumé überarbeiten"}, "plummer -pay": {"Call somebody"},
	} {
		found, err := b.service.Search(b.ctx, b.ann, task.SearchInput{Query: query})
		require.NoError(t, err)
		require.Equal(t, want, titles(found), query)
		require.NotEmpty(t, found.Forgiven, query)
	}
	found, err := b.service.Search(b.ctx, b.ann, task.SearchInput{Query: "plummer", Limit: 1})
	require.NoError(t, err)
	require.Equal(t, []string{"plummer"}, found.Forgiven)
	require.Equal(t, 2, found.Total)
	found, err = b.service.Search(b.ctx, b.ann, task.SearchInput{Query: "plummer", Limit: 1, Cursor: found.NextCursor})
	require.NoError(t, err)
	require.Equal(t, []string{"Call somebody"}, titles(found))
	require.Empty(t, found.NextCursor)
	exact, err := b.service.Search(b.ctx, b.ann, task.SearchInput{Query: "plumber"})
	require.NoError(t, err)
	require.Empty(t, exact.Forgiven)
	require.Empty(t, b.search(t, `"plummer"`), "what is quoted is meant")
}

// The longest texts there are, in characters that become many when they are folded.
func TestTextsThatGrowWhenTheyAreFoldedAreStored(t *testing.T) {
	b := setup(t)
	for _, letter := range []string{"\ufdfa", "㌀", "ä", "ﬃ", "会", "🎂", "가", "ก็", "İ", "a\u0301", "C++", ".net", "aA", "─", "\u0340"} {
		n := len([]rune(letter))
		b.add(t, b.ann, task.Fields{Title: input.Some("x" + strings.Repeat(letter, 199/n)), Description: input.Some(strings.Repeat(letter, 10_000/n))})
	}
	var distinct strings.Builder
	for r := rune(0x4e00); r < 0x4e00+9_990; r++ {
		distinct.WriteRune(r)
	}
	b.add(t, b.ann, task.Fields{Title: input.Some("all"), Description: input.Some(distinct.String())})
	require.Equal(t, []string{"all"}, b.search(t, "龥 or 丑丒"))
}

func TestTasksOfAnOlderSchemaAreFoundAfterItIsMigrated(t *testing.T) {
	t.Parallel()
	pool := pgtest.Open(t)
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS)
	require.NoError(t, err)
	const before = 110
	_, err = provider.DownTo(t.Context(), before)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), `
		WITH ann AS (INSERT INTO users (issuer, subject, time_zone, reminder_offsets, all_day_time) VALUES ('local', 'ann', 'UTC', '{60}', 540) RETURNING id)
		INSERT INTO tasks (user_id, title, time_zone, created_at, updated_at) SELECT id, 'Termin in Köln', 'UTC', $1, $1 FROM ann`, time.Now())
	require.NoError(t, err)
	found := func() (n int) {
		require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM tasks WHERE search_vector @@ (quote_literal(user_id || ' koeln'))::tsquery`).Scan(&n))
		return n
	}
	require.Zero(t, found())
	_, err = provider.Up(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, found())
}
