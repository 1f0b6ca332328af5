package phrase

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What people type beside the usual. It is Monday, 30 November 2026.
func TestWordsThatDependOnEachOtherAreReadTogether(t *testing.T) {
	for _, c := range []struct{ language, title, rest, due, rule string }{
		{"en", "Report EOD", "Report ", "2026-11-30", ""},
		{"en", "Report by end of day tomorrow", "Report ", "2026-12-01", ""},
		{"en", "Report EOD friday", "Report ", "2026-12-04", ""},
		{"en", "Report eow", "Report ", "2026-12-06", ""},
		{"en", "Report by the end of next week", "Report ", "2026-12-13", ""},
		{"en", "Report end of next month", "Report ", "2026-12-31", ""},
		{"en", "Report end of quarter", "Report ", "2026-12-31", ""},
		{"en", "Report end of november", "Report ", "2026-11-30", ""},
		{"en", "Report end of february 2028", "Report ", "2028-02-29", ""},
		{"de", "Bericht Ende nächster Woche", "Bericht ", "2026-12-13", ""},
		{"de", "Bericht Ende Januar", "Bericht ", "2027-01-31", ""},
		{"fr", "Loyer fin de la semaine prochaine", "Loyer ", "2026-12-13", ""},
		{"es", "Alquiler a finales de enero", "Alquiler ", "2027-01-31", ""},
		{"nl", "Huur eind januari", "Huur ", "2027-01-31", ""},
		{"pt", "Aluguel fim de janeiro", "Aluguel ", "2027-01-31", ""},

		{"en", "Call mum in 2h", "Call mum ", "2026-11-30T11:40", ""},
		{"en", "Call mum in 90m", "Call mum ", "2026-11-30T11:10", ""},
		{"en", "Call mum in 1.5 hours", "Call mum ", "2026-11-30T11:10", ""},
		{"en", "Call mum in half an hour", "Call mum ", "2026-11-30T10:10", ""},
		{"en", "Call mum in 3d", "Call mum ", "2026-12-03", ""},
		{"de", "Anruf in einer halben Stunde", "Anruf ", "2026-11-30T10:10", ""},
		{"fr", "Appeler dans une demi-heure", "Appeler ", "2026-11-30T10:10", ""},
		{"es", "Llamar en media hora", "Llamar ", "2026-11-30T10:10", ""},
		{"nl", "Bellen over een half uur", "Bellen ", "2026-11-30T10:10", ""},
		{"pt", "Ligar em meia hora", "Ligar ", "2026-11-30T10:10", ""},

		{"en", "Call mum a week from tomorrow", "Call mum ", "2026-12-08", ""},
		{"en", "Call mum two weeks from monday", "Call mum ", "2026-12-21", ""},
		{"en", "Call mum 3 days from now", "Call mum ", "2026-12-03", ""},
		{"en", "Call mum tuesday next week", "Call mum ", "2026-12-08", ""},
		{"en", "Call mum next week tuesday at 10", "Call mum ", "2026-12-08T10:00", ""},
		{"de", "Anruf Dienstag nächster Woche", "Anruf ", "2026-12-08", ""},
		{"de", "Anruf nächste Woche Dienstag", "Anruf ", "2026-12-08", ""},
		{"fr", "Appeler le mardi de la semaine prochaine", "Appeler ", "2026-12-08", ""},
		{"es", "Llamar el martes de la semana que viene", "Llamar ", "2026-12-08", ""},
		{"nl", "Bellen volgende week dinsdag", "Bellen ", "2026-12-08", ""},
		{"pt", "Ligar na terça da semana que vem", "Ligar ", "2026-12-08", ""},
		{"en", "Review first monday of january", "Review ", "2027-01-04", ""},
		{"en", "Review the first monday of next month", "Review ", "2026-12-07", ""},
		{"de", "Müll am ersten Montag im Januar", "Müll ", "2027-01-04", ""},

		{"en", "Call mum tonight", "Call mum ", "2026-11-30T19:00", ""},
		{"en", "Meeting at 0930 tomorrow", "Meeting ", "2026-12-01T09:30", ""},
		{"en", "Meeting half past nine tomorrow", "Meeting ", "2026-12-01T09:30", ""},
		{"en", "Meeting tomorrow at quarter to eleven", "Meeting ", "2026-12-01T10:45", ""},
		{"en", "Meeting tomorrow from 14:00", "Meeting ", "2026-12-01T14:00", ""},
		{"de", "Anruf morgen um halb zehn", "Anruf ", "2026-12-01T09:30", ""},
		{"de", "Anruf morgen um Viertel nach neun", "Anruf ", "2026-12-01T09:15", ""},
		{"fr", "Appeler demain à neuf heures et demie", "Appeler ", "2026-12-01T09:30", ""},
		{"es", "Llamar mañana a las 9 y media", "Llamar ", "2026-12-01T09:30", ""},
		{"nl", "Bellen morgen om half tien", "Bellen ", "2026-12-01T09:30", ""},

		{"en", "Meeting tomorrow at five", "Meeting ", "2026-12-01T05:00", ""},
		{"en", "Meeting tomorrow at nine thirty", "Meeting ", "2026-12-01T09:30", ""},
		{"de", "Anruf morgen um acht", "Anruf ", "2026-12-01T08:00", ""},
		{"es", "Llamar hoy a las once", "Llamar ", "2026-11-30T11:00", ""},
		{"nl", "Bellen morgen om zeven uur", "Bellen ", "2026-12-01T07:00", ""},
		{"de", "Kino Freitagabend um 8", "Kino ", "2026-12-04T20:00", ""},
		{"nl", "Bellen morgenochtend", "Bellen ", "2026-12-01T09:00", ""},

		{"en", "Call mum in an hour and a half", "Call mum ", "2026-11-30T11:10", ""},
		{"en", "Call mum in two weeks’ time", "Call mum ", "2026-12-14", ""},
		{"de", "Anruf in anderthalb Stunden", "Anruf ", "2026-11-30T11:10", ""},
		{"fr", "Appeler dans une heure et demie", "Appeler ", "2026-11-30T11:10", ""},
		{"en", "Pay the first of next month", "Pay ", "2026-12-01", ""},

		{"de", "Bericht bis Freitag", "Bericht ", "2026-12-04", ""},
		{"de", "Bericht bis 18 Uhr", "Bericht ", "2026-11-30T18:00", ""},
		{"pt", "Relatório até o dia 15", "Relatório ", "2026-12-15", ""},
		{"fr", "Loyer le 5", "Loyer ", "2026-12-05", ""},
		{"es", "Alquiler el 5 a las 9", "Alquiler ", "2026-12-05T09:00", ""},
		{"es", "Alquiler cada mes el día 5", "Alquiler ", "2026-12-05", "FREQ=MONTHLY;BYMONTHDAY=5"},
		{"nl", "Planten om de dag", "Planten ", "2026-11-30", "FREQ=DAILY;INTERVAL=2"},
		{"nl", "Planten om de drie dagen", "Planten ", "2026-11-30", "FREQ=DAILY;INTERVAL=3"},

		{"en", "Water plants every day except sunday", "Water plants ", "2026-11-30", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA"},
		{"en", "Water plants every day but weekends", "Water plants ", "2026-11-30", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"},
		{"de", "Müll jeden Tag außer Sonntag", "Müll ", "2026-11-30", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA"},
		{"fr", "Poubelles tous les jours sauf le dimanche", "Poubelles ", "2026-11-30", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA"},
		{"en", "Pay rent on the 1st of every month", "Pay rent ", "2026-12-01", "FREQ=MONTHLY;BYMONTHDAY=1"},
		{"en", "Review on the last friday of each month", "Review ", "2026-12-25", "FREQ=MONTHLY;BYDAY=-1FR"},
		{"de", "Müll am letzten Freitag jedes Monats", "Müll ", "2026-12-25", "FREQ=MONTHLY;BYDAY=-1FR"},
		{"fr", "Poubelles le premier lundi de chaque mois", "Poubelles ", "2026-12-07", "FREQ=MONTHLY;BYDAY=1MO"},

		{"en", "Pay 5 Dec '27", "Pay ", "2027-12-05", ""},
		{"en", "Meeting tomorow at 11", "Meeting ", "2026-12-01T11:00", ""},
		{"en", "Meeting wendesday", "Meeting ", "2026-12-02", ""},
	} {
		got, ok := Find(c.title, c.language, monday(t))
		require.True(t, ok, c.title)
		require.Equal(t, c.due, got.Due, c.title)
		require.Equal(t, c.rule, got.Rule, c.title)
		require.Equal(t, c.rest, c.title[:got.Begin]+c.title[got.End:], c.title)
	}
}

// A day that the words beside make another is not taken by itself.
func TestDayOfAnotherWeekIsNotTakenForTheNext(t *testing.T) {
	for _, c := range [][2]string{
		{"en", "Pay last friday"}, {"en", "Pay friday week"}, {"en", "Pay a week on friday"}, {"en", "Call monday in two weeks"}, {"en", "Pay in 1.5d"},
		{"de", "Anruf letzten Freitag"}, {"de", "Anruf übernächsten Montag"}, {"de", "Anruf Montag in zwei Wochen"},
		{"fr", "Appeler vendredi dernier"}, {"fr", "Ranger le 5 tiroirs"}, {"de", "Kapitel 3 bis 5"}, {"fr", "Appeler vendredi en huit"}, {"fr", "Poubelles un lundi sur deux"},
		{"es", "Llamar el viernes pasado"}, {"nl", "Bellen afgelopen vrijdag"}, {"pt", "Ligar na sexta passada"},
	} {
		got, ok := Find(c[1], c[0], monday(t))
		require.False(t, ok, "%s: %+v", c[1], got)
	}
}
