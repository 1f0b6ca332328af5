package command

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"
	_ "time/tzdata" // zones are known also where the system has no tz database

	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/recurrence"
)

const recurrenceUsage = `Usage: api recurrence --rule RULE --start START [--zone ZONE] [--after TIME] [-n N]
       api recurrence --jsonl

Lists the occurrences of a recurrence rule, one a line, in RFC 3339 with the
offset of the zone. Needs no database. Exits 2 with the reason on standard error
if the rule or another argument is refused.

  --rule   RFC 5545 rule (RFC 7529 SKIP too), or daily, weekdays, weekly,
           monthly, yearly
  --start  first date: a date 2026-03-01 or 20260301, a wall time
           2026-03-01T09:00 or 20260301T090000, or a UTC time with Z at its end
  --zone   IANA time zone that wall times are meant in (default UTC)
  --after  list only occurrences strictly after this time; same forms as --start
  -n       how many to list, 1 to 10000 (default 10)
  --jsonl  read one JSON object with these names (rule, start, zone, after, n)
           a line from standard input; write {"occurrences":[...]} or
           {"error":"..."} for each

Example: api recurrence --rule "FREQ=MONTHLY;SKIP=BACKWARD" \
           --start 2026-01-31T09:00 --zone Europe/Berlin -n 3
`

// maxRecurrenceLine bounds a line of --jsonl; the longest rule takes a tenth.
const maxRecurrenceLine = 64 << 10

const defaultOccurrences = 10

// recurrenceQuery is what the flags, or a line of --jsonl, ask for.
type recurrenceQuery struct {
	Rule  string `json:"rule"`
	Start string `json:"start"`
	Zone  string `json:"zone"`
	After string `json:"after"`
	N     *int   `json:"n"`
}

// recurrenceCommand runs `api recurrence` and returns its exit code.
func recurrenceCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var query recurrenceQuery
	flags := flag.NewFlagSet("recurrence", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&query.Rule, "rule", "", "")
	flags.StringVar(&query.Start, "start", "", "")
	flags.StringVar(&query.Zone, "zone", "UTC", "")
	flags.StringVar(&query.After, "after", "", "")
	n := flags.Int("n", defaultOccurrences, "")
	jsonl := flags.Bool("jsonl", false, "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, recurrenceUsage)
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "%v; api recurrence --help lists the flags\n", err)
		return 2
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "unexpected argument %q; api recurrence --help lists the flags\n", flags.Arg(0))
		return 2
	}
	if *jsonl {
		return recurrenceLines(flags, stdin, stdout, stderr)
	}
	query.N = n
	occurrences, err := query.answer()
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	out := bufio.NewWriter(stdout)
	for _, occurrence := range occurrences {
		fmt.Fprintln(out, occurrence)
	}
	if err := out.Flush(); err != nil {
		fmt.Fprintf(stderr, "write occurrences: %v\n", err)
		return 1
	}
	return 0
}

// recurrenceLines answers every line of in with one line, whatever the line is,
// and writes it out before it reads the next.
func recurrenceLines(flags *flag.FlagSet, in io.Reader, stdout, stderr io.Writer) int {
	extra := ""
	flags.Visit(func(f *flag.Flag) {
		if f.Name != "jsonl" {
			extra = f.Name
		}
	})
	if extra != "" {
		fmt.Fprintf(stderr, "--%s does not go with --jsonl: put %q into each line\n", extra, extra)
		return 2
	}
	lines := bufio.NewReaderSize(in, maxRecurrenceLine)
	for {
		line, tooLong, err := readRecurrenceLine(lines)
		if err != nil && !errors.Is(err, io.EOF) {
			fmt.Fprintf(stderr, "read standard input: %v\n", err)
			return 1
		}
		atEnd := err != nil
		if len(bytes.TrimSpace(line)) > 0 || tooLong || !atEnd {
			if _, err := stdout.Write(answerRecurrenceLine(line, tooLong)); err != nil {
				fmt.Fprintf(stderr, "write answer: %v\n", err)
				return 1
			}
		}
		if atEnd {
			return 0
		}
	}
}

// readRecurrenceLine reads up to a newline; the rest of a line that does not
// fit is thrown away.
func readRecurrenceLine(lines *bufio.Reader) (line []byte, tooLong bool, err error) {
	line, err = lines.ReadSlice('\n')
	for errors.Is(err, bufio.ErrBufferFull) {
		tooLong = true
		_, err = lines.ReadSlice('\n')
	}
	return line, tooLong, err
}

func answerRecurrenceLine(line []byte, tooLong bool) []byte {
	var answer any
	occurrences, err := []string(nil), error(nil)
	if tooLong {
		err = fmt.Errorf("the line is too long: at most %d bytes are allowed", maxRecurrenceLine)
	} else {
		occurrences, err = decodeRecurrenceLine(line)
	}
	if err != nil {
		answer = map[string]string{"error": err.Error()}
	} else {
		answer = map[string][]string{"occurrences": occurrences}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(answer); err != nil {
		return []byte(`{"error":"the answer could not be written as JSON"}` + "\n")
	}
	return out.Bytes()
}

func decodeRecurrenceLine(line []byte) ([]string, error) {
	var query recurrenceQuery
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&query); err != nil {
		return nil, fmt.Errorf(`the line is not a query: %w; write an object such as {"rule":"daily","start":"2026-03-01T09:00","zone":"UTC","n":3}`, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the line holds more than one JSON object: write one a line")
	}
	return query.answer()
}

// answer lists the occurrences, never nil without an error.
func (q recurrenceQuery) answer() ([]string, error) {
	n := defaultOccurrences
	if q.N != nil {
		n = *q.N
	}
	if n < 1 || n > recurrence.MaxList {
		return nil, fmt.Errorf("n=%d is not allowed: give a whole number from 1 to %d, for example 10", n, recurrence.MaxList)
	}
	if q.Rule == "" {
		return nil, errors.New("rule is missing: give one such as FREQ=WEEKLY;BYDAY=MO, or daily, weekdays, weekly, monthly, yearly")
	}
	rule, err := recurrence.Parse(q.Rule)
	if err != nil {
		return nil, err
	}
	zone, err := recurrenceZone(q.Zone)
	if err != nil {
		return nil, err
	}
	start, err := parseMoment("start", q.Start)
	if err != nil {
		return nil, err
	}
	series := recurrence.Series{Rule: rule, Start: start.wallIn(zone), Zone: zone, AllDay: start.date}
	if err := series.Check(); err != nil {
		return nil, err
	}
	var list []recurrence.Occurrence
	if q.After == "" {
		list = series.First(n)
	} else {
		after, err := parseMoment("after", q.After)
		if err != nil {
			return nil, err
		}
		list = series.After(after.instantIn(zone), n)
	}
	occurrences := make([]string, len(list))
	for i, occurrence := range list {
		occurrences[i] = occurrence.Time.Format(time.RFC3339)
	}
	return occurrences, nil
}

func recurrenceZone(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	zone, err := person.LoadZone("zone", name)
	if e := (*fault.Error)(nil); errors.As(err, &e) {
		advice := "give an IANA name such as Europe/Berlin or UTC"
		if e.Hint != "" {
			advice = e.Hint
		}
		return nil, fmt.Errorf("zone %q is not known: %s", fault.Clip(name), advice)
	}
	return zone, err
}

// moment is a date, a wall time or an instant, as --start and --after take it.
type moment struct {
	wall      time.Time // in UTC
	date, utc bool
}

var momentForms = []struct {
	layout    string
	date, utc bool
}{
	{"2006-01-02", true, false},
	{"20060102", true, false},
	{"2006-01-02T15:04:05", false, false},
	{"2006-01-02T15:04", false, false},
	{"20060102T150405", false, false},
	{"20060102T1504", false, false},
	{"2006-01-02T15:04:05Z", false, true},
	{"2006-01-02T15:04Z", false, true},
	{"20060102T150405Z", false, true},
	{"20060102T1504Z", false, true},
}

func parseMoment(name, text string) (moment, error) {
	for _, form := range momentForms {
		if len(text) != len(form.layout) {
			continue
		}
		if t, err := time.Parse(form.layout, strings.ToUpper(text)); err == nil {
			return moment{wall: t, date: form.date, utc: form.utc}, nil
		}
	}
	if text == "" {
		return moment{}, fmt.Errorf("%s is missing: give a date 2026-03-01, a wall time 2026-03-01T09:00 or a UTC time 2026-03-01T09:00:00Z", name)
	}
	return moment{}, fmt.Errorf("%s %q is not a time: give a date 2026-03-01, a wall time 2026-03-01T09:00 or a UTC time 2026-03-01T09:00:00Z", name, text)
}

// wallIn is what a clock in zone shows at the moment.
func (m moment) wallIn(zone *time.Location) time.Time {
	if m.utc {
		return m.wall.In(zone)
	}
	return m.wall
}

func (m moment) instantIn(zone *time.Location) time.Time {
	if m.utc {
		return m.wall
	}
	return recurrence.Resolve(m.wall, zone)
}
