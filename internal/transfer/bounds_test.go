package transfer

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/task"
)

// excess is a file of 11 MiB, the middle of which is repeated, and what is said
// of it; "" if it can be imported.
type excess struct {
	kind, begin, repeated, end string
	want                       string
}

const excessSize = 11 << 20

var excesses = map[string]excess{
	"tasks of nothing":            {"application/json", `{"format":"tickler","version":1,"tasks":[`, `{},`, `{}]}`, "more than 10000 tasks"},
	"tasks twice":                 {"application/json", `{"tasks":[{}],`, `"tasks":[{}],`, `"format":"tickler","version":1}`, "more than 10000 tasks"},
	"tags of one task":            {"application/json", `{"tasks":[{"title":"x","tags":[`, `"",`, `""]}]}`, "one entry of it is longer than 262144 bytes"},
	"some tags of many tasks":     {"application/json", `{"tasks":[`, `{"tags":[` + strings.Repeat(`"",`, 80_000) + `""]},`, `{}]}`, "tags has more than 100 values"},
	"offsets of one task":         {"application/json", `{"tasks":[{"reminder_offsets":[`, `1,`, `1]}]}`, "one entry of it is longer"},
	"categories":                  {"application/json", `{"categories":[`, `{},`, `{}]}`, "more than 1000 categories"},
	"tags":                        {"application/json", `{"tags":[`, `{},`, `{}]}`, "more than 1000 tags"},
	"fields that are not known":   {"application/json", `{`, `"x":0,`, `"x":0}`, "it has no field x"},
	"fields of a task":            {"application/json", `{"tasks":[{`, `"title":"",`, `"title":""}]}`, "one entry of it is longer"},
	"deep arrays":                 {"application/json", `{"tasks":`, `[`, `]}`, "exceeded max depth"},
	"deep objects":                {"application/json", `{"settings":`, `{"x":`, `}`, "exceeded max depth"},
	"one title":                   {"application/json", `{"tasks":[{"title":"`, `x`, `"}]}`, "one entry of it is longer"},
	"one name of a field":         {"application/json", `{"`, `x`, `":0}`, "one entry of it is longer"},
	"one number":                  {"application/json", `{"version":`, `1`, `}`, "one entry of it is longer"},
	"nothing but blanks":          {"application/json", ``, ` `, ``, "one entry of it is longer"},
	"rows of nothing":             {"text/csv", "TYPE,CONTENT\n", "task,\n", "", "more than 10000 tasks"},
	"rows that are not known":     {"text/csv", "TYPE,CONTENT\n", "x,\n", "", "more than 10000 tasks"},
	"rows without meaning":        {"text/csv", "TYPE,CONTENT\n", ",\n", "", ""},
	"sections":                    {"text/csv", "TYPE,CONTENT\n", "section,x\n", "", ""},
	"comments of one task":        {"text/csv", "TYPE,CONTENT\ntask,x\n", "note,x\n", "", "more than 40000 comments"},
	"comments of nothing":         {"application/json", `{"format":"tickler","version":1,"comments":[`, `{},`, `{}]}`, "more than 40000 comments"},
	"one row":                     {"text/csv", "TYPE,CONTENT\ntask,", "x", "", "one entry of it is longer"},
	"one row of quotes":           {"text/csv", "TYPE,CONTENT\ntask,\"", "\"\"\n", "", "one entry of it is longer"},
	"columns of the first row":    {"text/csv", "TYPE,CONTENT", ",", "\n", "one entry of it is longer"},
	"some columns of many rows":   {"text/csv", "TYPE,CONTENT\n", strings.Repeat(",", 1001) + "\n", "", "more than 1000 columns"},
	"tasks in each other":         {"text/csv", "TYPE,CONTENT,INDENT\n", "task," + strings.Repeat("x", 1500) + ",9999\n", "", ""},
	"labels":                      {"text/csv", "TYPE,CONTENT\n", "task," + strings.Repeat("@x ", 50_000) + "\n", "", ""},
	"to-dos of nothing":           {"text/calendar", "BEGIN:VCALENDAR\r\n", "BEGIN:VTODO\nEND:VTODO\n", "END:VCALENDAR\r\n", "more than 10000 tasks"},
	"calendars":                   {"text/calendar", "", "BEGIN:VCALENDAR\nEND:VCALENDAR\n", "", ""},
	"events":                      {"text/calendar", "BEGIN:VCALENDAR\r\n", "BEGIN:VEVENT\nSUMMARY:x\nEND:VEVENT\n", "END:VCALENDAR\r\n", ""},
	"properties of the calendar":  {"text/calendar", "BEGIN:VCALENDAR\r\n", "X:y\n", "END:VCALENDAR\r\n", ""},
	"properties of one to-do":     {"text/calendar", "BEGIN:VCALENDAR\nBEGIN:VTODO\n", "SUMMARY:x\n", "END:VTODO\nEND:VCALENDAR\r\n", "more than 1000 lines"},
	"properties that mean nought": {"text/calendar", "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x\n", "X-Y:z\n", "END:VTODO\nEND:VCALENDAR\r\n", ""},
	"dates that are left out":     {"text/calendar", "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x\nRRULE:FREQ=DAILY\n", "EXDATE:20260301T090000\n", "END:VTODO\nEND:VCALENDAR\r\n", ""},
	"dates in one line":           {"text/calendar", "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x\nRDATE:20260301", ",20260301", "\nEND:VTODO\nEND:VCALENDAR\r\n", "one entry of it is longer"},
	"categories of one to-do":     {"text/calendar", "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x\nCATEGORIES:x", ",x", "\nEND:VTODO\nEND:VCALENDAR\r\n", "one entry of it is longer"},
	"categories of many to-dos":   {"text/calendar", "BEGIN:VCALENDAR\n", "BEGIN:VTODO\nSUMMARY:x\nCATEGORIES:x" + strings.Repeat(",x", 100_000) + "\nEND:VTODO\n", "END:VCALENDAR\r\n", ""},
	"alarms":                      {"text/calendar", "BEGIN:VCALENDAR\nBEGIN:VTODO\n", "BEGIN:VALARM\nTRIGGER:-PT1M\nEND:VALARM\n", "END:VTODO\nEND:VCALENDAR\r\n", "more than 1000 lines"},
	"one line":                    {"text/calendar", "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:", "x", "\nEND:VTODO\nEND:VCALENDAR\r\n", "one entry of it is longer"},
	"one line, folded":            {"text/calendar", "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:", "x\n ", "\nEND:VTODO\nEND:VCALENDAR\r\n", "one entry of it is longer"},
	"one line that is passed by":  {"text/calendar", "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x\nATTACH:", "x\n ", "\nEND:VTODO\nEND:VCALENDAR\r\n", ""},
	"parameters":                  {"text/calendar", "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY", ";A=b", ":x\nEND:VTODO\nEND:VCALENDAR\r\n", "too many parameters"},
	"components in each other":    {"text/calendar", "BEGIN:VCALENDAR\n", "BEGIN:VTODO\n", "", "nested too deep"},
	"zones":                       {"text/calendar", "", "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Q\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0117\nTZOFFSETTO:+0117\nRRULE:FREQ=YEARLY\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VTODO\nSUMMARY:x\nDUE;TZID=Q:20260301T090000\nEND:VTODO\nEND:VCALENDAR\n", "", "more than 10000 tasks"},
	"onsets of one zone":          {"text/calendar", "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Q\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0117\nTZOFFSETTO:+0117\n", "RDATE:19700101T000000\n", "END:STANDARD\nEND:VTIMEZONE\nEND:VCALENDAR\n", ""},
	"to-dos that wait for a zone": {"text/calendar", "BEGIN:VCALENDAR\n", "BEGIN:VTODO\nSUMMARY:x\nDUE;TZID=Q:20260301T090000\nDESCRIPTION:" + strings.Repeat("x", 1000) + "\nEND:VTODO\n", "END:VCALENDAR\n", "more than 10000 tasks"},
	"changed dates":               {"text/calendar", "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:1\nDUE:20260301T090000\nRRULE:FREQ=DAILY\nEND:VTODO\n", "BEGIN:VTODO\nUID:1\nRECURRENCE-ID:20260301T090000\nSTATUS:CANCELLED\nEND:VTODO\n", "END:VCALENDAR\n", "more than 10000 tasks"},
	"other components":            {"text/calendar", "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x\n", "BEGIN:VLOCATION\nNAME:x\nEND:VLOCATION\n", "END:VTODO\nEND:VCALENDAR\n", ""},
	"lines that are none":         {"text/calendar", "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x\n", "x;A=\":\n:y\n", "END:VTODO\nEND:VCALENDAR\n", ""},
	"tasks of a list":             {"application/json", `{"kind":"tasks#taskLists","items":[{"title":"x","items":[`, `{"title":""},`, `{"title":""}]}]}`, "more than 10000 tasks"},
	"lists":                       {"application/json", `{"kind":"tasks#taskLists","items":[`, `{"items":[]},`, `{"items":[]}]}`, ""},
	"lists in lists":              {"application/json", `[{"hex_color":"","tasks":[`, `{"tasks":[`, `]}`, "nested more than 64 deep"},
	"members of a task":           {"application/json", `{"value":[{`, `"a":0,`, `"a":0}]}`, "one entry of it is longer"},
	"what is passed over":         {"application/json", `{"timestamp":1,"x":[`, `{"y":[0]},`, `0]}`, ""},
	"what is passed over, deep":   {"application/json", `{"timestamp":1,"x":`, `[`, `]}`, "nested more than 64 deep"},
	"comments of one of them":     {"application/json", `{"timestamp":1,"data":{"tasks":[{"comments":[`, `{},`, `{}]}]}}`, "one entry of it is longer"},
	"rows of TickTick":            {"text/csv", "List Name,Title\n", ",x\n", "", "more than 10000 tasks"},
	"rows before the columns":     {"text/csv", "", "x\n", "", "no table of tasks that is known"},
	"rows of a table":             {"text/csv", "Task,Due date,Tags\n", "x,5/6/2026,a\n", "", "more than 10000 tasks"},
	"bytes of another encoding":   {"text/csv", "TYPE,CONTENT\n", "note,\xe9\n", "", ""},
	"empty lines":                 {"text/calendar", "", "\r\n", "", "it is empty"},
}

func (e excess) open() io.Reader {
	n := (excessSize - len(e.begin) - len(e.end)) / len(e.repeated)
	return io.MultiReader(strings.NewReader(e.begin), io.LimitReader(repeating(e.repeated), int64(n*len(e.repeated))), strings.NewReader(e.end))
}

// repeating repeats a text without end.
func repeating(text string) io.Reader {
	return &again{text: strings.Repeat(text, 1+(64<<10)/len(text))}
}

type again struct {
	text string
	at   int
}

func (a *again) Read(p []byte) (int, error) {
	n := copy(p, a.text[a.at:])
	a.at = (a.at + n) % len(a.text)
	return n, nil
}

// held is how much the heap grew while read ran, of what is still held.
func held(read func() any) int64 {
	heap := func() int64 {
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	before := heap()
	result := read()
	after := heap()
	runtime.KeepAlive(result)
	return after - before
}

// What is kept of a file does not depend on what it is made of.
func TestFileOfAnyKindOfExcessIsReadInLittleMemory(t *testing.T) {
	service := NewService(task.NewService(nil, time.Now), nil, nil, time.Now)
	user := person.Settings{UserID: 1, TimeZone: "Europe/Berlin"}
	for what, e := range excesses {
		t.Run(what, func(t *testing.T) {
			var err error
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			allocated := stats.TotalAlloc
			kept := held(func() any {
				var all content
				all, err = service.read(user, e.kind, e.open())
				return all.items
			})
			runtime.ReadMemStats(&stats)
			allocated = stats.TotalAlloc - allocated
			if e.want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, e.want)
				require.Less(t, allocated, uint64(128<<20), "what is refused costs no more than the tasks until then")
			}
			require.Less(t, kept, int64(40<<20))
			t.Logf("%d KiB kept, %d KiB allocated", kept>>10, allocated>>10)
		})
	}
}

func TestFileIsRefusedWithoutReadingWhatComesBehindItsLimit(t *testing.T) {
	t.Parallel()
	service := NewService(task.NewService(nil, time.Now), nil, nil, time.Now)
	for _, what := range []string{"tasks of nothing", "rows of nothing", "to-dos of nothing"} {
		e := excesses[what]
		from := &counted{Reader: io.MultiReader(strings.NewReader(e.begin), &again{text: e.repeated})} // without end
		_, err := service.Import(t.Context(), person.Settings{UserID: 1, TimeZone: "UTC"}, e.kind, from, false)
		var known *fault.Error
		require.ErrorAs(t, err, &known, what)
		require.Equal(t, fault.LimitExceeded, known.Code)
		require.Contains(t, known.Message, "more than 10000 tasks")
		require.Less(t, from.n, (MaxTasks+1)*len(e.repeated)+64<<10, what)
	}
}

type counted struct {
	io.Reader
	n int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

func TestRulesThatTakeLongAreRefusedTogetherBeforeAnythingIsImported(t *testing.T) {
	t.Parallel()
	service := NewService(task.NewService(nil, time.Now), nil, nil, time.Now) // without a store: nothing can be imported
	written := func(rule string, tasks int) io.Reader {
		var text strings.Builder
		text.WriteString("BEGIN:VCALENDAR\n")
		for n := range tasks {
			fmt.Fprintf(&text, "BEGIN:VTODO\nUID:%d\nSUMMARY:Number %d\nDUE:20260303T090001\nRRULE:%s\nEND:VTODO\n", n, n+1, rule)
		}
		text.WriteString("END:VCALENDAR\n")
		return strings.NewReader(text.String())
	}
	_, err := service.Import(t.Context(), person.Settings{UserID: 1, TimeZone: "Europe/Berlin"}, "text/calendar",
		written("FREQ=SECONDLY;INTERVAL=86399;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;BYHOUR=3;BYMINUTE=3;BYSECOND=3", MaxTasks-1), false)
	var known *fault.Error
	require.ErrorAs(t, err, &known)
	require.Equal(t, fault.LimitExceeded, known.Code)
	require.Regexp(t, `rules up to task \d+ \("Number \d+"\) take longer to work out than one import may; nothing was imported`, known.Message)
	require.NotEmpty(t, known.Hint)

	content, err := service.read(fuzzUser, "text/calendar", written("FREQ=MONTHLY;BYDAY=-1FR;COUNT=40", MaxTasks))
	require.NoError(t, err)
	require.NoError(t, service.checkWork(fuzzUser, content.items), "ten thousand ordinary rules")
}

func TestImportsOfAUserGoOneAtATimeAndOfAllAFew(t *testing.T) {
	t.Parallel()
	service := NewService(task.NewService(nil, time.Now), nil, nil, time.Now)
	type outcome struct {
		user int64
		err  error
	}
	ended := make(chan outcome)
	begin := func(user int64) *io.PipeWriter {
		from, to := io.Pipe()
		go func() {
			_, err := service.Import(context.Background(), person.Settings{UserID: user, TimeZone: "UTC"}, "text/calendar", from, false)
			_ = from.CloseWithError(io.ErrClosedPipe)
			ended <- outcome{user, err}
		}()
		return to
	}
	limited := func(o outcome) string {
		var known *fault.Error
		require.ErrorAs(t, o.err, &known)
		require.Equal(t, fault.RateLimited, known.Code)
		return known.Message
	}
	ann, bob := begin(1), begin(2)
	for _, to := range []*io.PipeWriter{ann, bob} { // who is read from is under way
		_, err := to.Write([]byte("BEGIN:VCALENDAR\n"))
		require.NoError(t, err)
	}
	begin(1)
	require.Contains(t, limited(<-ended), "an import of yours")
	begin(3)
	third := <-ended
	require.EqualValues(t, 3, third.user)
	require.Contains(t, limited(third), "other imports are under way")
	require.NoError(t, ann.CloseWithError(io.ErrUnexpectedEOF))
	first := <-ended
	require.EqualValues(t, 1, first.user)
	require.ErrorIs(t, first.err, io.ErrUnexpectedEOF, "what did not arrive whole is not imported")
	again := begin(1)
	_, err := again.Write([]byte("BEGIN:VCALENDAR\n"))
	require.NoError(t, err, "its place is free again")
	require.NoError(t, again.CloseWithError(io.ErrUnexpectedEOF))
	require.NoError(t, bob.CloseWithError(io.ErrUnexpectedEOF))
	<-ended
	<-ended
}
