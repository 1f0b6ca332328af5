package recurrence_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/recurrence"
)

func TestParseRefusesWithPartValueAndReason(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rule, part, says string }{
		{"", "rule", "empty"},
		{" \t", "rule", "empty"},
		{"RRULE:", "rule", "empty part"},
		{"hourly", "rule", `"HOURLY" is not a rule part`},
		{"COUNT=3", "FREQ", "FREQ is missing"},
		{"FREQ=FORTNIGHTLY", "FREQ", "use YEARLY, MONTHLY"},
		{"FREQ=", "FREQ", "no value"},
		{"FREQ", "rule", "NAME=value"},
		{"FREQ=DAILY;;", "rule", "empty part"},
		{";FREQ=DAILY", "rule", "empty part"},
		{"FREQ=DAILY;;COUNT=2", "rule", "empty part"},
		{"FREQ=DAILY,WEEKLY", "FREQ", "not known"},
		{"FREQ=DAILY;FREQ=DAILY", "FREQ", "given twice"},
		{"FREQ=WEEKLY;BYDAY=MO;byday=TU", "BYDAY", "given twice"},
		{"FREQ=DAILY;COUNT=2 junk", "COUNT", "whole number"},
		{"FREQ=DAILY junk", "FREQ", "not known"},
		{"FREQ=DAILY\nCOUNT=2", "FREQ", "not known"},
		{"FREQ=DAILY;COUNT=0", "COUNT", "from 1 to"},
		{"FREQ=DAILY;COUNT=-1", "COUNT", "from 1 to"},
		{"FREQ=DAILY;COUNT=+1", "COUNT", "from 1 to"},
		{"FREQ=DAILY;COUNT=1.5", "COUNT", "from 1 to"},
		{"FREQ=DAILY;COUNT=99999999999999999999", "COUNT", "from 1 to"},
		{"FREQ=DAILY;INTERVAL=0", "INTERVAL", "from 1 to"},
		{"FREQ=DAILY;INTERVAL=-2", "INTERVAL", "from 1 to"},
		{"FREQ=DAILY;COUNT=2;UNTIL=20260101", "UNTIL", "COUNT and UNTIL"},
		{"FREQ=DAILY;UNTIL=2026", "UNTIL", "a date (UNTIL=20261231)"},
		{"FREQ=DAILY;UNTIL=20260230", "UNTIL", "not a date"},
		{"FREQ=DAILY;UNTIL=20260101T250000", "UNTIL", "not a date"},
		{"FREQ=DAILY;UNTIL=20260101T1200", "UNTIL", "not a date"},
		{"FREQ=DAILY;UNTIL=20260101T120000+01", "UNTIL", "not a date"},
		{"FREQ=DAILY;UNTIL=20260101Z", "UNTIL", "not a date"},
		{"FREQ=DAILY;UNTIL=00000101", "UNTIL", "not a date"},
		{"FREQ=WEEKLY;BYDAY=XX", "BYDAY", "MO, TU"},
		{"FREQ=WEEKLY;BYDAY=MONDAY", "BYDAY", "MO, TU"},
		{"FREQ=WEEKLY;BYDAY=MO,", "BYDAY", "MO, TU"},
		{"FREQ=WEEKLY;BYDAY=,MO", "BYDAY", "MO, TU"},
		{"FREQ=WEEKLY;BYDAY=1MO", "BYDAY", "only with FREQ=MONTHLY or FREQ=YEARLY"},
		{"FREQ=DAILY;BYDAY=-1FR", "BYDAY", "only with FREQ=MONTHLY or FREQ=YEARLY"},
		{"FREQ=MONTHLY;BYDAY=0MO", "BYDAY", "from 1 to 53"},
		{"FREQ=MONTHLY;BYDAY=54MO", "BYDAY", "from 1 to 53"},
		{"FREQ=MONTHLY;BYDAY=+-1MO", "BYDAY", "from 1 to 53"},
		{"FREQ=MONTHLY;BYDAY=001MO", "BYDAY", "from 1 to 53"},
		{"FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO", "BYDAY", "not allowed with BYWEEKNO"},
		{"FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY", "from 1 to 31 or from -31 to -1"},
		{"FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY", "from 1 to 31"},
		{"FREQ=MONTHLY;BYMONTHDAY=1;2", "rule", "not a rule part"},
		{"FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY", "not allowed with FREQ=WEEKLY"},
		{"FREQ=YEARLY;BYYEARDAY=367", "BYYEARDAY", "from 1 to 366"},
		{"FREQ=YEARLY;BYYEARDAY=0", "BYYEARDAY", "from 1 to 366"},
		{"FREQ=MONTHLY;BYYEARDAY=1", "BYYEARDAY", "not allowed with FREQ=MONTHLY"},
		{"FREQ=WEEKLY;BYYEARDAY=1", "BYYEARDAY", "not allowed with FREQ=WEEKLY"},
		{"FREQ=DAILY;BYYEARDAY=1", "BYYEARDAY", "not allowed with FREQ=DAILY"},
		{"FREQ=YEARLY;BYWEEKNO=54", "BYWEEKNO", "from 1 to 53"},
		{"FREQ=MONTHLY;BYWEEKNO=1", "BYWEEKNO", "only with FREQ=YEARLY"},
		{"FREQ=SECONDLY;BYWEEKNO=1", "BYWEEKNO", "only with FREQ=YEARLY"},
		{"FREQ=YEARLY;BYMONTH=0", "BYMONTH", "from 1 to 12"},
		{"FREQ=YEARLY;BYMONTH=-1", "BYMONTH", "from 1 to 12"},
		{"FREQ=YEARLY;BYMONTH=5L", "BYMONTH", "from 1 to 12"},
		{"FREQ=DAILY;BYHOUR=24", "BYHOUR", "from 0 to 23"},
		{"FREQ=DAILY;BYHOUR=009", "BYHOUR", "from 0 to 23"},
		{"FREQ=DAILY;BYMINUTE=60", "BYMINUTE", "from 0 to 59"},
		{"FREQ=DAILY;BYSECOND=61", "BYSECOND", "from 0 to 60"},
		{"FREQ=DAILY;BYSECOND=-1", "BYSECOND", "from 0 to 60"},
		{"FREQ=DAILY;BYSETPOS=1", "BYSETPOS", "needs another BY part"},
		{"FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0", "BYSETPOS", "from 1 to 366"},
		{"FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367", "BYSETPOS", "from 1 to 366"},
		{"FREQ=WEEKLY;WKST=1MO", "WKST", "MO, TU"},
		{"FREQ=WEEKLY;WKST=MO,TU", "WKST", "MO, TU"},
		{"RSCALE=CHINESE;FREQ=YEARLY", "RSCALE", "only RSCALE=GREGORIAN"},
		{"FREQ=MONTHLY;SKIP=MAYBE", "SKIP", "OMIT, BACKWARD or FORWARD"},
		{"FREQ=YEARLY;BYEASTER=0", "BYEASTER", "not a rule part of RFC 5545"},
		{"FREQ=YEARLY;X-NAME=1", "X-NAME", "not a rule part of RFC 5545"},
		{"FREQ=DAILY;DTSTART=20260101", "DTSTART", "not a rule part of RFC 5545"},
		{"FREQ=DAILY;BYHOUR=" + strings.Repeat("1,", 5000) + "1", "rule", "too long"},
		{"FREQ=\xff\xfe" + strings.Repeat("x", 500), "FREQ", "not known"},
	} {
		_, err := recurrence.Parse(c.rule)
		var wrong *recurrence.Error
		require.ErrorAs(t, err, &wrong, c.rule)
		require.Equal(t, c.part, wrong.Part, c.rule)
		require.Contains(t, wrong.Message, c.says, c.rule)
		require.LessOrEqual(t, len(wrong.Message), 400, c.rule)
		require.Equal(t, strings.ToValidUTF8(wrong.Message, ""), wrong.Message)
	}
}

func TestParseWritesOneFormOfARule(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"daily":                              "FREQ=DAILY",
		"Weekdays":                           "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
		"WEEKLY":                             "FREQ=WEEKLY",
		" monthly ":                          "FREQ=MONTHLY",
		"yearly":                             "FREQ=YEARLY",
		"rrule:freq=daily;interval=1":        "FREQ=DAILY",
		"COUNT=3;BYDAY=we,mo,we;FREQ=WEEKLY": "FREQ=WEEKLY;COUNT=3;BYDAY=MO,WE",
		"FREQ=MONTHLY;BYDAY=+1MO,-1FR,1MO":   "FREQ=MONTHLY;BYDAY=-1FR,+1MO",
		"FREQ=DAILY;UNTIL=20261231":          "FREQ=DAILY;UNTIL=20261231",
		"FREQ=DAILY;UNTIL=20261231t170000":   "FREQ=DAILY;UNTIL=20261231T170000",
		"FREQ=DAILY;UNTIL=20261231T170000Z":  "FREQ=DAILY;UNTIL=20261231T170000Z",
		"FREQ=WEEKLY;WKST=MO":                "FREQ=WEEKLY",
		"FREQ=WEEKLY;WKST=SU":                "FREQ=WEEKLY;WKST=SU",
		"FREQ=MONTHLY;SKIP=OMIT":             "FREQ=MONTHLY",
		"FREQ=MONTHLY;SKIP=BACKWARD":         "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD",
		"RSCALE=GREGORIAN;FREQ=DAILY":        "FREQ=DAILY",
		"FREQ=DAILY;BYHOUR=09,+9":            "",
		"FREQ = WEEKLY; BYDAY = TU, TH ;":    "FREQ=WEEKLY;BYDAY=TU,TH",
		"FREQ=DAILY;INTERVAL=1 2":            "",
	} {
		rule, err := recurrence.Parse(text)
		if want == "" {
			require.Error(t, err, text)
			continue
		}
		require.NoError(t, err, text)
		require.Equal(t, want, rule.String())
		again, err := recurrence.Parse(rule.String())
		require.NoError(t, err)
		require.Equal(t, rule, again)
	}
}

func TestTasksRefuseMoreThanOnceAnHour(t *testing.T) {
	t.Parallel()
	for text, allowed := range map[string]bool{
		"FREQ=HOURLY":                                        true,
		"FREQ=DAILY;BYHOUR=9,10":                             true,
		"FREQ=MINUTELY;INTERVAL=60":                          true,
		"FREQ=MINUTELY;INTERVAL=90":                          true,
		"FREQ=MINUTELY;BYMINUTE=30":                          true,
		"FREQ=SECONDLY;BYMINUTE=7;BYSECOND=7":                true,
		"FREQ=DAILY;BYHOUR=9,17;BYMINUTE=0,30;BYSETPOS=1,-1": true,
		"FREQ=MONTHLY;BYDAY=MO;BYMINUTE=0,30;BYSETPOS=-1":    true,
		"FREQ=SECONDLY":                                      false,
		"FREQ=MINUTELY":                                      false,
		"FREQ=MINUTELY;INTERVAL=59":                          false,
		"FREQ=MINUTELY;COUNT=2":                              false,
		"FREQ=MINUTELY;UNTIL=20200101":                       false,
		"FREQ=HOURLY;BYMINUTE=0,30":                          false,
		"FREQ=DAILY;BYMINUTE=0,59":                           false,
		"FREQ=YEARLY;BYSECOND=0,30":                          false,
		"FREQ=DAILY;BYHOUR=9,17;BYMINUTE=0,30;BYSETPOS=1,2":  false,
	} {
		err := parse(t, text).CheckTask()
		if allowed {
			require.NoError(t, err, text)
		} else {
			require.ErrorContains(t, err, "more often than once an hour", text)
		}
	}
}

func TestTrailingSemicolonIsTaken(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"FREQ=DAILY;", "RRULE:FREQ=DAILY;", "freq=daily;"} {
		require.Equal(t, "FREQ=DAILY", parse(t, text).String())
	}
}
