package recurrence_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/recurrence"
)

// readVectors reads a file of expected occurrences published by other projects. The
// file is kept beside the repository and is not part of it.
func readVectors(t *testing.T, name string) []byte {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		data, err := os.ReadFile(filepath.Join(dir, "shared", "recurrence", name))
		if err == nil {
			return data
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Skipf("no shared/recurrence/%s beside the repository", name)
		}
		dir = parent
	}
}

// moment parses a DATE or DATE-TIME of RFC 5545 as wall time.
func moment(t *testing.T, text string) (wall time.Time, date bool) {
	t.Helper()
	text = strings.TrimSuffix(text, "Z")
	if len(text) == len("20060102") {
		wall, err := time.Parse("20060102", text)
		require.NoError(t, err)
		return wall, true
	}
	wall, err := time.Parse("20060102T150405", text)
	require.NoError(t, err)
	return wall, false
}

// walls formats occurrences as the vectors do.
func walls(list []recurrence.Occurrence, date bool) []string {
	layout := "20060102T150405"
	if date {
		layout = "20060102"
	}
	var texts []string
	for _, o := range list {
		texts = append(texts, o.Time.Format(layout))
	}
	return texts
}

func withoutZ(texts []string) []string {
	var plain []string
	for _, text := range texts {
		plain = append(plain, strings.TrimSuffix(text, "Z"))
	}
	return plain
}

func TestLibicalVectors(t *testing.T) {
	t.Parallel()
	cases := strings.Split(strings.TrimSpace(string(readVectors(t, "libical_half.txt"))), "\n\n")
	for _, block := range cases {
		fields := map[string]string{}
		for line := range strings.SplitSeq(block, "\n") {
			name, value, _ := strings.Cut(line, ":")
			fields[name] = value
		}
		t.Run(fields["RRULE"]+" from "+fields["DTSTART"], func(t *testing.T) {
			t.Parallel()
			start, date := moment(t, fields["DTSTART"])
			rule, err := recurrence.Parse(fields["RRULE"])
			series := recurrence.Series{Rule: rule, Start: start, AllDay: date}
			if err == nil {
				err = series.Check()
			}
			if strings.HasPrefix(fields["INSTANCES"], "***") {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			want := withoutZ(strings.Split(fields["INSTANCES"], ","))
			require.Equal(t, want, walls(series.First(len(want)), date))
			if fields["START-AT"] == "" {
				return
			}
			from, _ := moment(t, fields["START-AT"])
			for len(want) > 0 && want[0] < from.Format("20060102T150405") {
				want = want[1:]
			}
			require.Equal(t, want, walls(series.After(from.Add(-time.Second), len(want)), date))
		})
	}
}

// differences are the dateutil cases that RFC 5545 decides otherwise, by the part of
// the rule that matters, each with the sentence of the RFC.
var differences = []struct {
	rule    *regexp.Regexp
	refused bool
	rfc     string
}{
	{regexp.MustCompile(`BYEASTER=`), true,
		`3.3.10: the grammar of RECUR has no BYEASTER; it is dateutil's own.`},
	{regexp.MustCompile(`FREQ=(MONTHLY|WEEKLY|DAILY|HOURLY|MINUTELY|SECONDLY);.*BYWEEKNO=`), true,
		`3.3.10: "This rule part MUST NOT be used when the FREQ rule part is set to anything other than YEARLY."`},
	{regexp.MustCompile(`FREQ=(MONTHLY|WEEKLY|DAILY);.*BYYEARDAY=`), true,
		`3.3.10: "The BYYEARDAY rule part MUST NOT be specified when the FREQ rule part is set to DAILY, WEEKLY, or MONTHLY."`},
	{regexp.MustCompile(`FREQ=WEEKLY;.*BYMONTHDAY=`), true,
		`3.3.10: "The BYMONTHDAY rule part MUST NOT be specified when the FREQ rule part is set to WEEKLY."`},
	{regexp.MustCompile(`FREQ=YEARLY;COUNT=\d+;BYWEEKNO=\d+$`), false,
		`3.3.10: "Information, not contained in the rule, necessary to determine the various recurrence instance start time and dates are derived from the Start Time (DTSTART) component attribute." Here the weekday; dateutil takes all seven. libical agrees with us.`},
	{regexp.MustCompile(`FREQ=YEARLY;COUNT=\d+;BYMONTHDAY=[\d,]+$`), false,
		`3.3.10: the same sentence: "For example, "FREQ=YEARLY;BYMONTH=1" doesn't specify a specific day within the month or a time. This information would be the same as what is specified for DTSTART." Here the month; dateutil takes all twelve. libical agrees with us.`},
}

func TestDateutilVectors(t *testing.T) {
	t.Parallel()
	var cases []struct {
		Name, Rule string
		Want       []string
	}
	require.NoError(t, json.Unmarshal(readVectors(t, "dateutil.json"), &cases))
	passed, different := 0, 0
	for _, c := range cases {
		start, text, found := strings.Cut(c.Rule, "\n")
		require.True(t, found)
		text = strings.TrimPrefix(text, "RRULE:")
		begin, _ := moment(t, strings.TrimPrefix(start, "DTSTART:"))
		rule, err := recurrence.Parse(text)
		var got []string
		if err == nil {
			got = walls(recurrence.Series{Rule: rule, Start: begin}.First(len(c.Want)), false)
		}
		decided := false
		for _, d := range differences {
			if d.rule.MatchString(text) {
				decided = true
				require.Equal(t, d.refused, err != nil, "%s: %s: %v", c.Name, text, err)
			}
		}
		if decided {
			require.NotEqual(t, c.Want, got, "%s is no difference: %s", c.Name, text)
			different++
			continue
		}
		require.NoError(t, err, "%s: %s", c.Name, text)
		require.Equal(t, c.Want, got, "%s: %s", c.Name, text)
		passed++
	}
	t.Logf("%d cases pass, %d differ where RFC 5545 decides", passed, different)
}
