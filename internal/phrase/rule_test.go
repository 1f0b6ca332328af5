package phrase

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRuleReadsHowSomethingRecursAndNothingElse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"biweekly": "FREQ=WEEKLY;INTERVAL=2", "Fortnightly": "FREQ=WEEKLY;INTERVAL=2", "quarterly": "FREQ=MONTHLY;INTERVAL=3", "annually": "FREQ=YEARLY",
		"every day":                          "FREQ=DAILY",
		"Every 3 months":                     "FREQ=MONTHLY;INTERVAL=3",
		"every three months":                 "FREQ=MONTHLY;INTERVAL=3",
		"every other week":                   "FREQ=WEEKLY;INTERVAL=2",
		"every 2 hours":                      "FREQ=HOURLY;INTERVAL=2",
		"every weekday":                      "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
		"every mon, wed and fri":             "FREQ=WEEKLY;BYDAY=MO,WE,FR",
		"mondays":                            "FREQ=WEEKLY;BYDAY=MO",
		"every other monday":                 "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO",
		"every week on tuesday and thursday": "FREQ=WEEKLY;BYDAY=TU,TH",
		"every month on the 1st":             "FREQ=MONTHLY;BYMONTHDAY=1",
		"every last day of the month":        "FREQ=MONTHLY;BYMONTHDAY=-1",
		"every first monday of the month":    "FREQ=MONTHLY;BYDAY=1MO",
		"every last friday":                  "FREQ=MONTHLY;BYDAY=-1FR",
	} {
		rule, ok := Rule(text, "")
		require.True(t, ok, text)
		require.Equal(t, want, rule, text)
	}
	for _, text := range []string{
		"", "every", "every blue moon", "tomorrow", "every monday at 9", "every day from 3 aug", "every day for 3 weeks", "every day until june", "every! 3 days",
		"every 25 dec", "every morning", "bimonthly", "biannually", "sometimes", "FREQ=DAILY", "every monday, please",
	} {
		rule, ok := Rule(text, "")
		require.False(t, ok, "%s: %s", text, rule)
	}
}
