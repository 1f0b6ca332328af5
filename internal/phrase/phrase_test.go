package phrase

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/recurrence"
)

// monday is Monday 30 November 2026, 09:40 in Berlin.
func monday(t testing.TB) time.Time {
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	return time.Date(2026, 11, 30, 9, 40, 0, 0, zone)
}

// cases are phrases with their language, first date and rule.
var cases = []struct{ language, text, due, rule string }{
	{"", "2026-12-05", "2026-12-05", ""},
	{"", "2026-12-05 17:30", "2026-12-05T17:30", ""},
	{"", "2027-07-22T14:30", "2027-07-22T14:30", ""},
	{"", "2027-07-22T14:30:15", "2027-07-22T14:30:15", ""},
	{"", "2027-07-22T14:30:00Z", "2027-07-22T14:30:00Z", ""},
	{"", "2027-07-22T14:30:00+0200", "2027-07-22T14:30:00+02:00", ""},
	{"", "5 Mar 2027", "2027-03-05", ""},
	{"", "Mar 5, 2027 at 5pm", "2027-03-05T17:00", ""},
	{"", "the 5th of March at 5 p.m.", "2027-03-05T17:00", ""},
	{"", "30 Nov", "2026-11-30", ""},
	{"", "January 5", "2027-01-05", ""},
	{"", "29 feb", "2028-02-29", ""},
	{"", "05/06/2027", "2027-05-06", ""},
	{"en_GB", "05/06/2027", "2027-06-05", ""},
	{"it", "05/06/2027", "2027-06-05", ""},
	{"pl", "05/06/2027", "2027-06-05", ""},
	{"ja", "05/06/2027", "2027-05-06", ""},
	{"", "25/12/2027", "2027-12-25", ""},
	{"", "Tuesday, March 10, 2026", "2026-03-10", ""},
	{"de", "Dienstag, 10. März 2026 um 9 Uhr", "2026-03-10T09:00", ""},
	{"de", "Di 10.03.2026", "2026-03-10", ""},
	{"", "10-Mar-26", "2026-03-10", ""},
	{"", "10-Mar-2026 17:00", "2026-03-10T17:00", ""},
	{"", "tonight at 8", "2026-11-30T20:00", ""},
	{"", "this afternoon at 3:30", "2026-11-30T15:30", ""},
	{"", "today 12am", "2026-11-30T00:00", ""},
	{"", "tod", "2026-11-30", ""},
	{"", "tomorrow", "2026-12-01", ""},
	{"", "tomorrow at 9", "2026-12-01T09:00", ""},
	{"", "tomorrow @9:15", "2026-12-01T09:15", ""},
	{"", "tomorrow evening", "2026-12-01T19:00", ""},
	{"", "tomorrow at 8 in the evening", "2026-12-01T20:00", ""},
	{"", "the day after tomorrow", "2026-12-02", ""},
	{"", "17:00", "2026-11-30T17:00", ""},
	{"", "9am", "2026-12-01T09:00", ""},
	{"", "Monday", "2026-12-07", ""},
	{"", "on friday at noon", "2026-12-04T12:00", ""},
	{"", "next tuesday", "2026-12-01", ""},
	{"", "in 3 days", "2026-12-03", ""},
	{"", "in two weeks", "2026-12-14", ""},
	{"", "in a month", "2026-12-30", ""},
	{"", "in 3 months", "2027-02-28", ""},
	{"", "in 2 hours", "2026-11-30T11:40", ""},
	{"", "in 45 min", "2026-11-30T10:25", ""},
	{"", "+3 days", "2026-12-03", ""},
	{"", "in 5 workdays", "2026-12-07", ""},
	{"", "next week", "2026-12-07", ""},
	{"", "next month", "2026-12-01", ""},
	{"", "this weekend", "2026-12-05", ""},
	{"", "next weekend", "2026-12-12", ""},
	{"", "end of the month", "2026-11-30", ""},
	{"", "the 15th", "2026-12-15", ""},

	{"", "every day", "2026-11-30", "FREQ=DAILY"},
	{"", "daily at 9", "2026-12-01T09:00", "FREQ=DAILY"},
	{"", "every! 3 days", "2026-11-30", "FREQ=DAILY;INTERVAL=3"},
	{"", "every evening at 8", "2026-11-30T20:00", "FREQ=DAILY"},
	{"", "every morning at 6", "2026-12-01T06:00", "FREQ=DAILY"},
	{"", "every day at 9am, 12pm", "2026-11-30T12:00", "FREQ=DAILY;BYHOUR=9,12;BYMINUTE=0"},
	{"", "every monday at 8 and 20", "2026-11-30T20:00", "FREQ=WEEKLY;BYDAY=MO;BYHOUR=8,20;BYMINUTE=0"},
	{"", "every 12 hours starting at 6am", "2026-11-30T18:00", "FREQ=HOURLY;INTERVAL=12"},
	{"", "weekends", "2026-12-05", "FREQ=WEEKLY;BYDAY=SA,SU"},
	{"", "every mon-fri at 8", "2026-12-01T08:00", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"},
	{"", "every 1st wed jan", "2027-01-06", "FREQ=YEARLY;BYMONTH=1;BYDAY=1WE"},
	{"de", "jeden Dienstag bis Donnerstag", "2026-12-01", "FREQ=WEEKLY;BYDAY=TU,WE,TH"},
	{"de", "jeden Dienstag bis 20.12.", "2026-12-01", "FREQ=WEEKLY;BYDAY=TU;UNTIL=20261220"},
	{"", "every 3rd day", "2026-11-30", "FREQ=DAILY;INTERVAL=3"},
	{"", "every second day", "2026-11-30", "FREQ=DAILY;INTERVAL=2"},
	{"", "every 12 hours", "2026-11-30T10:00", "FREQ=HOURLY;INTERVAL=12"},
	{"", "every other week at 10am", "2026-11-30T10:00", "FREQ=WEEKLY;INTERVAL=2"},
	{"", "every other monday", "2026-11-30", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"},
	{"", "every 2 weeks on monday", "2026-11-30", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"},
	{"", "every 2 weeks on Sunday and thu", "2026-12-03", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TH"},
	{"", "every monday", "2026-11-30", "FREQ=WEEKLY;BYDAY=MO"},
	{"", "every monday at 9", "2026-12-07T09:00", "FREQ=WEEKLY;BYDAY=MO"},
	{"", "every monday at 10", "2026-11-30T10:00", "FREQ=WEEKLY;BYDAY=MO"},
	{"", "ev monday", "2026-11-30", "FREQ=WEEKLY;BYDAY=MO"},
	{"", "mondays", "2026-11-30", "FREQ=WEEKLY;BYDAY=MO"},
	{"", "every tue, thu 9:15", "2026-12-01T09:15", "FREQ=WEEKLY;BYDAY=TU,TH"},
	{"", "every weekday", "2026-11-30", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"},
	{"", "every workday at 8am", "2026-12-01T08:00", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"},
	{"", "every weekend", "2026-12-05", "FREQ=WEEKLY;BYDAY=SA,SU"},
	{"", "every morning", "2026-12-01T09:00", "FREQ=DAILY"},
	{"", "every friday evening", "2026-12-04T19:00", "FREQ=WEEKLY;BYDAY=FR"},
	{"", "biweekly", "2026-11-30", "FREQ=WEEKLY;INTERVAL=2"},
	{"", "every quarter", "2026-11-30", "FREQ=MONTHLY;INTERVAL=3"},
	{"", "quarterly", "2026-11-30", "FREQ=MONTHLY;INTERVAL=3"},
	{"", "every 3 months", "2026-11-30", "FREQ=MONTHLY;INTERVAL=3"},
	{"", "every 31st", "2026-12-31", "FREQ=MONTHLY;BYMONTHDAY=31"},
	{"", "every 14th, 28th", "2026-12-14", "FREQ=MONTHLY;BYMONTHDAY=14,28"},
	{"", "every month on the 3rd", "2026-12-03", "FREQ=MONTHLY;BYMONTHDAY=3"},
	{"", "every 2 months on the first monday", "2026-12-07", "FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO"},
	{"", "every 3rd friday", "2026-12-18", "FREQ=MONTHLY;BYDAY=3FR"},
	{"", "every 2nd friday of the month", "2026-12-11", "FREQ=MONTHLY;BYDAY=2FR"},
	{"", "every last friday", "2026-12-25", "FREQ=MONTHLY;BYDAY=-1FR"},
	{"", "every last day", "2026-11-30", "FREQ=MONTHLY;BYMONTHDAY=-1"},
	{"", "every last day of the month at 18:00", "2026-11-30T18:00", "FREQ=MONTHLY;BYMONTHDAY=-1"},
	{"", "every first workday", "2026-12-01", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1"},
	{"", "every 25 Dec", "2026-12-25", "FREQ=YEARLY"},
	{"", "every Dec 25 at 9:00", "2026-12-25T09:00", "FREQ=YEARLY"},
	{"", "yearly 1st May", "2027-05-01", "FREQ=YEARLY"},
	{"", "every year on 5 June", "2027-06-05", "FREQ=YEARLY"},
	{"", "every 29 feb", "2028-02-29", "FREQ=YEARLY"},
	{"", "every day starting 3 aug", "2027-08-03", "FREQ=DAILY"},
	{"", "every monday starting 3 aug 2027", "2027-08-09", "FREQ=WEEKLY;BYDAY=MO"},
	{"", "every day at 10am from tomorrow until 24 dec", "2026-12-01T10:00", "FREQ=DAILY;UNTIL=20261224"},
	{"", "every day for 3 weeks", "2026-11-30", "FREQ=DAILY;UNTIL=20261220"},
	{"", "tomorrow 9:00 every month", "2026-12-01T09:00", "FREQ=MONTHLY"},

	{"de", "morgen um 9 Uhr", "2026-12-01T09:00", ""},
	{"de", "morgen früh", "2026-12-01T09:00", ""},
	{"de", "übermorgen", "2026-12-02", ""},
	{"de", "Uebermorgen 18:30", "2026-12-02T18:30", ""},
	{"de", "in 3 Tagen", "2026-12-03", ""},
	{"de", "in einer Woche", "2026-12-07", ""},
	{"de", "nächste Woche", "2026-12-07", ""},
	{"de", "nächsten Freitag", "2026-12-04", ""},
	{"de", "am Montag um 9.30 Uhr", "2026-12-07T09:30", ""},
	{"de", "5. Juni 2027", "2027-06-05", ""},
	{"de", "05/06/2027", "2027-06-05", ""},
	{"de", "5.6.2027 um 14 Uhr", "2027-06-05T14:00", ""},
	{"de", "24.12.", "2026-12-24", ""},
	{"de", "jeden Tag", "2026-11-30", "FREQ=DAILY"},
	{"de", "täglich um 8 Uhr", "2026-12-01T08:00", "FREQ=DAILY"},
	{"de", "jeden Montag", "2026-11-30", "FREQ=WEEKLY;BYDAY=MO"},
	{"de", "montags", "2026-11-30", "FREQ=WEEKLY;BYDAY=MO"},
	{"de", "alle 2 Wochen am Freitag", "2026-12-04", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR"},
	{"de", "jeden zweiten Montag", "2026-11-30", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"},
	{"de", "jeden 3. Freitag", "2026-12-18", "FREQ=MONTHLY;BYDAY=3FR"},
	{"de", "jeden dritten Freitag im Monat", "2026-12-18", "FREQ=MONTHLY;BYDAY=3FR"},
	{"de", "jeden letzten Tag des Monats", "2026-11-30", "FREQ=MONTHLY;BYMONTHDAY=-1"},
	{"de", "jeden 15.", "2026-12-15", "FREQ=MONTHLY;BYMONTHDAY=15"},
	{"de", "jeden Morgen", "2026-12-01T09:00", "FREQ=DAILY"},
	{"de", "jeden Werktag", "2026-11-30", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"},
	{"de", "alle 3 Monate", "2026-11-30", "FREQ=MONTHLY;INTERVAL=3"},
	{"de", "jedes Jahr am 24. Dezember", "2026-12-24", "FREQ=YEARLY"},
	{"de", "jeden Tag ab 3. August", "2027-08-03", "FREQ=DAILY"},
	{"de", "every monday", "2026-11-30", "FREQ=WEEKLY;BYDAY=MO"},

	{"fr", "05/06/2027", "2027-06-05", ""},
	{"fr", "demain à 9h", "2026-12-01T09:00", ""},
	{"fr", "demain à 9h30", "2026-12-01T09:30", ""},
	{"fr", "après-demain", "2026-12-02", ""},
	{"fr", "dans 3 jours", "2026-12-03", ""},
	{"fr", "la semaine prochaine", "2026-12-07", ""},
	{"fr", "vendredi prochain", "2026-12-04", ""},
	{"fr", "le 1er mai", "2027-05-01", ""},
	{"fr", "5 juin 2027 à 14 heures", "2027-06-05T14:00", ""},
	{"fr", "tous les jours", "2026-11-30", "FREQ=DAILY"},
	{"fr", "tous les lundis", "2026-11-30", "FREQ=WEEKLY;BYDAY=MO"},
	{"fr", "chaque lundi à 10h", "2026-11-30T10:00", "FREQ=WEEKLY;BYDAY=MO"},
	{"fr", "toutes les 2 semaines", "2026-11-30", "FREQ=WEEKLY;INTERVAL=2"},
	{"fr", "tous les mois le 15e", "2026-12-15", "FREQ=MONTHLY;BYMONTHDAY=15"},
	{"fr", "chaque matin", "2026-12-01T09:00", "FREQ=DAILY"},
	{"fr", "chaque dernier jour du mois", "2026-11-30", "FREQ=MONTHLY;BYMONTHDAY=-1"},
	{"fr", "tous les 15 du mois", "2026-12-15", "FREQ=MONTHLY;BYMONTHDAY=15"},
	{"fr", "tous les premiers lundis", "2026-12-07", "FREQ=MONTHLY;BYDAY=1MO"},
	{"fr", "chaque 25 décembre", "2026-12-25", "FREQ=YEARLY"},

	{"es", "05/06/2027", "2027-06-05", ""},
	{"es", "mañana a las 9", "2026-12-01T09:00", ""},
	{"es", "pasado mañana", "2026-12-02", ""},
	{"es", "en 3 días", "2026-12-03", ""},
	{"es", "la próxima semana", "2026-12-07", ""},
	{"es", "el viernes a las 5 de la tarde", "2026-12-04T17:00", ""},
	{"es", "5 de junio de 2027", "2027-06-05", ""},
	{"es", "cada día", "2026-11-30", "FREQ=DAILY"},
	{"es", "todos los lunes", "2026-11-30", "FREQ=WEEKLY;BYDAY=MO"},
	{"es", "cada 2 semanas", "2026-11-30", "FREQ=WEEKLY;INTERVAL=2"},
	{"es", "cada mañana", "2026-12-01T09:00", "FREQ=DAILY"},
	{"es", "cada tercer viernes", "2026-12-18", "FREQ=MONTHLY;BYDAY=3FR"},
	{"es", "cada año el 5 de junio", "2027-06-05", "FREQ=YEARLY"},

	{"nl", "05-06-2027", "2027-06-05", ""},
	{"nl", "morgen om 9 uur", "2026-12-01T09:00", ""},
	{"nl", "overmorgen", "2026-12-02", ""},
	{"nl", "over 3 dagen", "2026-12-03", ""},
	{"nl", "volgende week", "2026-12-07", ""},
	{"nl", "5 juni 2027", "2027-06-05", ""},
	{"nl", "elke dag", "2026-11-30", "FREQ=DAILY"},
	{"nl", "elke maandag om 10:00", "2026-11-30T10:00", "FREQ=WEEKLY;BYDAY=MO"},
	{"nl", "om de week", "2026-11-30", "FREQ=WEEKLY;INTERVAL=2"},
	{"nl", "elke 2 weken op vrijdag", "2026-12-04", "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR"},
	{"nl", "elke ochtend", "2026-12-01T09:00", "FREQ=DAILY"},
	{"nl", "elke laatste dag van de maand", "2026-11-30", "FREQ=MONTHLY;BYMONTHDAY=-1"},

	{"pt_BR", "05/06/2027", "2027-06-05", ""},
	{"pt_BR", "amanhã às 9h", "2026-12-01T09:00", ""},
	{"pt_BR", "depois de amanhã", "2026-12-02", ""},
	{"pt_BR", "em 3 dias", "2026-12-03", ""},
	{"pt_BR", "próxima semana", "2026-12-07", ""},
	{"pt_BR", "semana que vem", "2026-12-07", ""},
	{"pt_BR", "sexta-feira às 17h", "2026-12-04T17:00", ""},
	{"pt_BR", "5 de junho de 2027", "2027-06-05", ""},
	{"pt_BR", "todo dia", "2026-11-30", "FREQ=DAILY"},
	{"pt_BR", "toda segunda", "2026-11-30", "FREQ=WEEKLY;BYDAY=MO"},
	{"pt_BR", "a cada 2 semanas", "2026-11-30", "FREQ=WEEKLY;INTERVAL=2"},
	{"pt_BR", "toda manhã", "2026-12-01T09:00", "FREQ=DAILY"},
	{"pt_BR", "todo dia 15", "2026-12-15", "FREQ=MONTHLY;BYMONTHDAY=15"},
	{"pt_BR", "toda terceira sexta", "2026-12-18", "FREQ=MONTHLY;BYDAY=3FR"},
}

func TestPhrasesAreRead(t *testing.T) {
	for _, c := range cases {
		got, ok := Read(c.text, c.language, monday(t))
		require.True(t, ok, "%s: %s", c.language, c.text)
		require.Equal(t, c.due, got.Due, "%s: %s", c.language, c.text)
		require.Equal(t, c.rule, got.Rule, "%s: %s", c.language, c.text)
		require.Equal(t, len(c.due) == len(time.DateOnly), got.AllDay, c.text)
		if c.rule != "" {
			_, err := recurrence.Parse(c.rule)
			require.NoError(t, err)
		}
	}
	for _, text := range []string{"every! 3 days", "ev! mon at 9am", "daily!"} {
		got, ok := Read(text, "en", monday(t))
		require.True(t, ok && got.FromCompletion, text)
	}
}

func TestWhatIsNoPhraseIsNotRead(t *testing.T) {
	for _, text := range []string{
		"", " ", "whenever", "every", "every never", "25:00", "13pm", "31 Feb 2026", "31/31/2027", "every 99th", "every 0 days", "every 30 minutes", "5", "at", "monday 5 apples",
		"2026-13-01", "2026-01-01T25:00", "in 99999 days", "every last weekend", "for 3 weeks", "until monday", "tomorrow tomorrow", "9 hours", "0 hr",
	} {
		got, ok := Read(text, "en", monday(t))
		require.False(t, ok, "%s: %+v", text, got)
	}
}

func TestPhraseIsFoundInATitle(t *testing.T) {
	for _, c := range []struct{ language, title, part, due, rule string }{
		{"", "Pay rent tomorrow 9:00 every month !high #home", "tomorrow 9:00 every month", "2026-12-01T09:00", "FREQ=MONTHLY"},
		{"", "Call Ann monday", "monday", "2026-12-07", ""},
		{"", "Water the plants every other day", "every other day", "2026-11-30", "FREQ=DAILY;INTERVAL=2"},
		{"", "Buy 5 eggs today, please", "today", "2026-11-30", ""},
		{"", "Lunch at 12", "at 12", "2026-11-30T12:00", ""},
		{"", "Dentist, in 2 weeks at 5pm.", "in 2 weeks at 5pm", "2026-12-14T17:00", ""},
		{"", "Report on friday!", "on friday", "2026-12-04", ""},
		{"", "Pay on the 15th", "on the 15th", "2026-12-15", ""},
		{"", "Stand-up daily", "daily", "2026-11-30", "FREQ=DAILY"},
		{"de", "Müll rausbringen jeden zweiten Montag", "jeden zweiten Montag", "2026-11-30", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"},
		{"fr", "Appeler l’hôtel demain à 9h", "demain à 9h", "2026-12-01T09:00", ""},
	} {
		got, ok := Find(c.title, c.language, monday(t))
		require.True(t, ok, c.title)
		require.Equal(t, c.part, c.title[got.Begin:got.End], c.title)
		require.Equal(t, c.due, got.Due, c.title)
		require.Equal(t, c.rule, got.Rule, c.title)
	}
	for _, title := range []string{"", "Buy 5 eggs", "Enjoy the sun", "Look at 9 flats", "Read the 3rd chapter", "Write the weekly report", "Book 3 days off", "Thank May", "Wait a second", "Section 1.5", "Mix 1 of 2"} {
		got, ok := Find(title, "", monday(t))
		require.False(t, ok, "%s: %+v", title, got)
	}
}

// A word of a language means one thing.
func TestNoWordHasTwoMeanings(t *testing.T) {
	for name, words := range map[string]vocabulary{"en": english, "de": german, "fr": french, "es": spanish, "nl": dutch, "pt": portuguese} {
		named := 0
		for _, list := range words {
			seen := map[string]bool{}
			for _, word := range splitWords(list) {
				seen[word] = true
			}
			named += len(seen)
		}
		require.Len(t, languages[name](), named, name)
	}
}

func FuzzPhrase(f *testing.F) {
	for _, c := range cases {
		f.Add(c.text, c.language)
	}
	f.Add("every! mon, tue at 9am", "xx-YY")
	f.Add("0 hr", "")
	now := time.Date(2026, 11, 30, 8, 40, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text, language string) {
		for _, read := range []func(string, string, time.Time) (Phrase, bool){Read, Find} {
			p, ok := read(text, language, now)
			if !ok {
				continue
			}
			require.True(t, 0 <= p.Begin && p.Begin < p.End && p.End <= len(text))
			require.NotEmpty(t, p.Due)
			if p.Rule != "" {
				_, err := recurrence.Parse(p.Rule)
				require.NoError(t, err)
			}
			again, ok := Read(text[p.Begin:p.End], language, now)
			require.True(t, ok, "what was found is a phrase by itself")
			require.Equal(t, p.Due, again.Due)
		}
	})
}
