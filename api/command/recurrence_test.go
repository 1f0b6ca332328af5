package command

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func runRecurrence(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = recurrenceCommand(args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

func TestRecurrenceCommandListsOccurrences(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--rule", "daily", "--start", "2026-03-28T09:00", "--zone", "Europe/Berlin", "-n", "2"},
			"2026-03-28T09:00:00+01:00\n2026-03-29T09:00:00+02:00\n"},
		{[]string{"--rule=FREQ=MONTHLY;SKIP=BACKWARD", "--start=20260131T090000", "-n=2"},
			"2026-01-31T09:00:00Z\n2026-02-28T09:00:00Z\n"},
		{[]string{"--rule", "weekly", "--start", "20260301", "-n", "2"},
			"2026-03-01T00:00:00Z\n2026-03-08T00:00:00Z\n"},
		{[]string{"--rule", "daily", "--start", "20260301T013000Z", "--zone", "America/New_York", "-n", "1"},
			"2026-02-28T20:30:00-05:00\n"},
		// --after is exclusive, in the same forms as --start.
		{[]string{"--rule", "FREQ=DAILY;COUNT=3", "--start", "2026-03-01T09:00", "--after", "2026-03-02T09:00"},
			"2026-03-03T09:00:00Z\n"},
		{[]string{"--rule", "FREQ=DAILY;COUNT=3", "--start", "2026-03-01T09:00", "--after", "2026-03-02T08:59:59Z"},
			"2026-03-02T09:00:00Z\n2026-03-03T09:00:00Z\n"},
		{[]string{"--rule", "FREQ=DAILY;COUNT=3", "--start", "2026-03-01T09:00", "--after", "2027-01-01"}, ""},
		// A date has no time of day, so BYHOUR is ignored (RFC 5545, 3.3.10).
		{[]string{"--rule", "FREQ=DAILY;BYHOUR=9", "--start", "2026-03-01", "-n", "1"}, "2026-03-01T00:00:00Z\n"},
	} {
		code, stdout, stderr := runRecurrence(t, "", c.args...)
		require.Zero(t, code, stderr)
		require.Empty(t, stderr)
		require.Equal(t, c.want, stdout, c.args)
	}
	_, stdout, _ := runRecurrence(t, "", "--rule", "daily", "--start", "2026-03-01")
	require.Equal(t, 10, strings.Count(stdout, "\n"), "the default of -n")
}

func TestRecurrenceCommandExplainsWhatItRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{}, "rule is missing"},
		{[]string{"--rule", "daily"}, "start is missing"},
		{[]string{"--rule", "sometimes", "--start", "2026-03-01"}, "daily, weekdays"},
		{[]string{"--rule", "daily", "--start", "1 March"}, `start "1 March" is not a time`},
		{[]string{"--rule", "daily", "--start", "2026-02-30"}, "is not a time"},
		{[]string{"--rule", "daily", "--start", "2026-03-01", "--after", "soon"}, `after "soon"`},
		{[]string{"--rule", "daily", "--start", "2026-03-01", "--zone", "Mars/Base"}, `zone "Mars/Base"`},
		{[]string{"--rule", "daily", "--start", "2026-03-01", "--zone", "Local"}, `zone "Local"`},
		{[]string{"--rule", "daily", "--start", "2026-03-01", "--zone", "localtime"}, `zone "localtime"`},
		{[]string{"--rule", "daily", "--start", "2026-03-01", "--zone", "berlin"}, `did you mean "Europe/Berlin"?`},
		{[]string{"--rule", "daily", "--start", "2026-03-01", "--zone", "../../etc/passwd"}, "is not known"},
		{[]string{"--rule", "daily", "--start", "2026-03-01", "-n", "0"}, "from 1 to 10000"},
		{[]string{"--rule", "daily", "--start", "2026-03-01", "-n", "10001"}, "from 1 to 10000"},
		{[]string{"--rule", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "--start", "2026-03-01"}, "has no occurrence"},
		{[]string{"--rule", "FREQ=DAILY;UNTIL=20250101", "--start", "2026-03-01"}, "before its first date"},
		{[]string{"--rule", "FREQ=HOURLY", "--start", "2026-03-01"}, "needs a start with a time of day"},
		{[]string{"--rule", "daily", "--start", "2026-03-01", "now"}, `unexpected argument "now"`},
		{[]string{"--rules", "daily"}, "flag provided but not defined"},
		{[]string{"--jsonl", "--rule", "daily"}, "does not go with --jsonl"},
	} {
		code, stdout, stderr := runRecurrence(t, "", c.args...)
		require.Equal(t, 2, code, c.args)
		require.Empty(t, stdout)
		require.Contains(t, stderr, c.says, c.args)
	}
}

func TestRecurrenceCommandHelps(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"-h", "--help"} {
		code, stdout, stderr := runRecurrence(t, "", flag)
		require.Zero(t, code)
		require.Empty(t, stderr)
		for _, name := range []string{"--rule", "--start", "--zone", "--after", "-n", "--jsonl"} {
			require.Contains(t, stdout, name)
		}
	}
}

func TestRecurrenceLinesAnswerEveryLine(t *testing.T) {
	t.Parallel()
	lines := []struct{ in, want string }{
		{`{"rule":"daily","start":"2026-03-28T09:00","zone":"Europe/Berlin","n":2}`, `{"occurrences":["2026-03-28T09:00:00+01:00","2026-03-29T09:00:00+02:00"]}`},
		{`{"rule":"FREQ=DAILY;COUNT=2","start":"20260301T090000Z","after":"20260301T090000Z"}`, `{"occurrences":["2026-03-02T09:00:00Z"]}`},
		{`{"rule":"FREQ=DAILY;COUNT=1","start":"20260301","after":"20260301"}`, `{"occurrences":[]}`},
		{`{"rule":"FREQ=DAILY;COUNT=0","start":"20260301"}`, "COUNT=0 is not allowed"},
		{`not json`, "the line is not a query"},
		{``, "the line is not a query"},
		{`[]`, "the line is not a query"},
		{`null`, "rule is missing"},
		{`{"rule":"daily","start":"20260301","count":3}`, `unknown field \"count\"`},
		{`{"rule":"daily","start":"20260301","n":"3"}`, "the line is not a query"},
		{`{"rule":"daily","start":"20260301","n":-1}`, "n=-1 is not allowed"},
		{`{"rule":"daily","start":"20260301"} {}`, "more than one JSON object"},
		{`{"rule":"` + strings.Repeat("x", maxRecurrenceLine) + `"}`, "the line is too long"},
		{"{\"rule\":\"\xff\",\"start\":\"20260301\"}", "error"},
		{`{"rule":"daily","start":"20260301","n":1}`, `{"occurrences":["2026-03-01T00:00:00Z"]}`},
	}
	var stdin strings.Builder
	for _, line := range lines {
		stdin.WriteString(line.in + "\n")
	}
	input := strings.TrimSuffix(stdin.String(), "\n") // a last line without a newline counts
	code, stdout, stderr := runRecurrence(t, input, "--jsonl")
	require.Zero(t, code)
	require.Empty(t, stderr)
	answers := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	require.Len(t, answers, len(lines))
	for i, answer := range answers {
		require.True(t, json.Valid([]byte(answer)), answer)
		require.Contains(t, answer, lines[i].want, lines[i].in)
	}
}

func TestRecurrenceLinesAreAnsweredOneByOne(t *testing.T) {
	t.Parallel()
	stdin, questions := io.Pipe()
	answers, stdout := io.Pipe()
	done := make(chan int)
	go func() { done <- recurrenceCommand([]string{"--jsonl"}, stdin, stdout, io.Discard) }()
	buffer := make([]byte, 1024)
	for range 3 {
		_, err := io.WriteString(questions, `{"rule":"daily","start":"20260301","n":1}`+"\n")
		require.NoError(t, err)
		n, err := answers.Read(buffer)
		require.NoError(t, err)
		require.Equal(t, `{"occurrences":["2026-03-01T00:00:00Z"]}`+"\n", string(buffer[:n]))
	}
	require.NoError(t, questions.Close())
	require.Zero(t, <-done)
}
