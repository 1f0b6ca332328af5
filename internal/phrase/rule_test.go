package phrase

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRuleReadsHowSomethingRecursAndNothingElse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"biweekly": "FREQ=WEEKLY;INTERVAL=2", "Fortnightly": "FREQ=WEEKLY;INTERVAL=2", "quarterly": "FREQ=MONTHLY;INTERVAL=3", "annually": "FREQ=YEARLY",
		"every day":                              "FREQ=DAILY",
		"Every 3 months":                         "FREQ=MONTHLY;INTERVAL=3",
		"every three months":                     "FREQ=MONTHLY;INTERVAL=3",
		"every other week":                       "FREQ=WEEKLY;INTERVAL=2",
		"every 2 hours":                          "FREQ=HOURLY;INTERVAL=2",
		"every weekday":                          "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
		"every mon, wed and fri":                 "FREQ=WEEKLY;BYDAY=MO,WE,FR",
		"mondays":                                "FREQ=WEEKLY;BYDAY=MO",
		"every other monday":                     "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO",
		"every week on tuesday and thursday":     "FREQ=WEEKLY;BYDAY=TU,TH",
		"every month on the 1st":                 "FREQ=MONTHLY;BYMONTHDAY=1",
		"every last day of the month":            "FREQ=MONTHLY;BYMONTHDAY=-1",
		"every first monday of the month":        "FREQ=MONTHLY;BYDAY=1MO",
		"every last friday":                      "FREQ=MONTHLY;BYDAY=-1FR",
		"last working day of the month":          "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
		"first of the month":                     "FREQ=MONTHLY;BYMONTHDAY=1",
		"the 1st and 15th of each month":         "FREQ=MONTHLY;BYMONTHDAY=1,15",
		"third friday of the month":              "FREQ=MONTHLY;BYDAY=3FR",
		"every second tuesday of the month":      "FREQ=MONTHLY;BYDAY=2TU",
		"every 2nd and 4th tuesday":              "FREQ=MONTHLY;BYDAY=2TU,4TU",
		"second and fourth tuesday of the month": "FREQ=MONTHLY;BYDAY=2TU,4TU",
		"every 2 weeks on Mon and Thu":           "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
		"Mon/Wed/Fri":                            "FREQ=WEEKLY;BYDAY=MO,WE,FR",
		"mon-fri":                                "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
		"every Friday to Monday":                 "FREQ=WEEKLY;BYDAY=FR,SA,SU,MO",
		"alternate mondays":                      "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO",
		"Monday":                                 "FREQ=WEEKLY;BYDAY=MO",
		"weekends":                               "FREQ=WEEKLY;BYDAY=SA,SU",
		"every 2 weekends":                       "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU",
		"once a week":                            "FREQ=WEEKLY",
		"once every 3 days":                      "FREQ=DAILY;INTERVAL=3",
		"semi-annually":                          "FREQ=MONTHLY;INTERVAL=6",
		"every half year":                        "FREQ=MONTHLY;INTERVAL=6",
		"every 4th thursday of november":         "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
		"last monday in may":                     "FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO",
		"every year on the last day of february": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1",
		"every 25 dec":                           "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25",
		"yearly on february 29":                  "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
		"every monday at 9":                      "FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0",
		"weekdays at 7:30":                       "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=7;BYMINUTE=30",
		"daily at 8 and 20":                      "FREQ=DAILY;BYHOUR=8,20;BYMINUTE=0",
		"every day at 9am, 1pm and 5pm":          "FREQ=DAILY;BYHOUR=9,13,17;BYMINUTE=0",
		"every evening at 8":                     "FREQ=DAILY;BYHOUR=20;BYMINUTE=0",
		"every morning":                          "FREQ=DAILY;BYHOUR=9;BYMINUTE=0",
		"jeden Montag":                           "FREQ=WEEKLY;BYDAY=MO",
		"jeden Montag bis Freitag":               "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
		"alle 2 Wochen":                          "FREQ=WEEKLY;INTERVAL=2",
		"halbjährlich":                           "FREQ=MONTHLY;INTERVAL=6",
		"le premier lundi du mois":               "FREQ=MONTHLY;BYDAY=1MO",
		"de lunes a viernes":                     "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
		"cada 15 días":                           "FREQ=DAILY;INTERVAL=15",
		"every day except sunday":                "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA",
		"on the last friday of each month":       "FREQ=MONTHLY;BYDAY=-1FR",
		"elke maandag":                           "FREQ=WEEKLY;BYDAY=MO",
		"toda segunda-feira":                     "FREQ=WEEKLY;BYDAY=MO",
	} {
		rule, ok := Rule(text)
		require.True(t, ok, text)
		require.Equal(t, want, rule, text)
	}
	for _, text := range []string{
		"", "every", "every blue moon", "tomorrow", "every day from 3 aug", "every day for 3 weeks", "every day until june", "every! 3 days",
		"second friday", "every 3rd friday of the quarter", "every day except holidays", "every 4 hours on weekdays", "every 0 days", "every 1.5 days", "every 3 business days",
		"every monday at 9, 10 times", "every second to last day", "every 5 days and every monday", "every hour at 9", "never", "twice a day", "bimonthly", "biannually", "sometimes", "FREQ=DAILY",
		"tonight", "morgen um acht", "mañana a las ocho", "24.12.2026", "25 dec 2026", "last friday", "a week on friday", "every monday, please",
	} {
		rule, ok := Rule(text)
		require.False(t, ok, "%s: %s", text, rule)
	}
}
