package transfer

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/person"
	"tickler/internal/task"
)

var (
	fuzzUser = person.Settings{UserID: 1, TimeZone: "Europe/Berlin"}
	fuzzNow  = func() time.Time { return time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC) }
)

func FuzzCalendarFile(f *testing.F) {
	for _, seed := range []string{
		"", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x\nEND:VTODO\nEND:VCALENDAR\n",
		"BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:1\nSUMMARY;LANGUAGE=\"e:n\":a\\, b\n  c\nDUE;TZID=Europe/Berlin:20260301T090000\nRRULE:FREQ=DAILY;COUNT=3\nPRIORITY:1\nCATEGORIES:a,b\nSTATUS:COMPLETED\nCOMPLETED:20260301T090000Z\nBEGIN:VALARM\nTRIGGER;RELATED=END:-PT15M\nEND:VALARM\nEND:VTODO\nEND:VCALENDAR\n",
		"BEGIN:VCALENDAR\nX;A=b\nEND:VCALENDAR", "BEGIN:VCALENDAR\nX;A=\"b\"c:d\nEND:VCALENDAR", "BE\n GIN:VCALENDAR\nEND:VCALENDAR", "BEGIN:VCALENDAR\nBEGIN:VTODO\nDUE;VALUE=DATE:99999999\nDURATION:-P99999999999W\nEND:VTODO\nEND:VCALENDAR",
	} {
		f.Add([]byte(seed))
	}
	service := NewService(task.NewService(nil, fuzzNow), nil, nil, fuzzNow)
	f.Fuzz(func(t *testing.T, text []byte) {
		content, err := service.read(fuzzUser, "text/calendar", bytes.NewReader(text))
		requireContent(t, content, err)
	})
}

// requireContent sees that what was read is such as can be imported, and that
// what is refused is refused by field.
func requireContent(t *testing.T, content content, err error) {
	t.Helper()
	var known *fault.Error
	require.True(t, err == nil || errors.As(err, &known), "%v", err)
	require.LessOrEqual(t, len(content.items), MaxTasks)
	for _, one := range content.items {
		require.Positive(t, one.row)
		require.NotEmpty(t, one.in.IdempotencyKey)
		require.LessOrEqual(t, len(one.notes), maxNotes+1)
		require.LessOrEqual(t, len(one.in.Tags.Value), documentParts.Items)
	}
}

func FuzzTodoistFile(f *testing.F) {
	for _, seed := range []string{
		"", "TYPE,CONTENT\n", "TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE\nsection,Home,,,,,,,,\ntask,Water @home plants,a,1,1,me,,every day at 9am,en,Europe/Berlin\ntask,x,,4,2,,,tomorrow,,\nnote,hm,,,,,,,,\n",
		"\xef\xbb\xbfTYPE,CONTENT\ntask,\"a\nb\n", "TYPE,CONTENT,INDENT\ntask,x,99999999999\ntask,y,-1\n", "TYPE,TYPE,CONTENT\n,,,,,\n", "TYPE,CONTENT\ntask,\x00\xff\n",
	} {
		f.Add([]byte(seed))
	}
	service := NewService(task.NewService(nil, fuzzNow), nil, nil, fuzzNow)
	f.Fuzz(func(t *testing.T, text []byte) {
		content, err := service.read(fuzzUser, "text/csv", bytes.NewReader(text))
		requireContent(t, content, err)
	})
}

func FuzzDocument(f *testing.F) {
	for _, seed := range []string{
		"", "{}", `{"format":"tickler","version":1}`, `{"format":"tickler","version":1,"exported_at":"2026-03-01T00:00:00Z","settings":{"time_zone":"UTC","reminder_offsets":[60]},"categories":[{"name":"a"}],"tags":null,"tasks":[{"id":1,"title":"x","tags":["a"],"series":{"rule":"FREQ=DAILY","id":"3b241101-e2bb-4255-8caf-4136c566a962","start":"2026-03-01T09:00:00","occurrence":1,"start_occurrence":1}}]}`,
		`{"tasks":[{}],"tasks":[{}],"format":"tickler","version":1}`, `{"tasks":{}}`, `{"x":1}`, `[]`, `{"format":"tickler","version":1}{}`, `{"tasks":[{"tags":[[[[[[]]]]]]}]}`,
	} {
		f.Add([]byte(seed))
	}
	service := NewService(task.NewService(nil, fuzzNow), nil, nil, fuzzNow)
	f.Fuzz(func(t *testing.T, text []byte) {
		content, err := service.read(fuzzUser, "application/json", bytes.NewReader(text))
		requireContent(t, content, err)
	})
}

// Whatever another program's file says, it becomes tasks that can be imported or an
// error that names what is wrong.
func FuzzForeignFile(f *testing.F) {
	for _, name := range []string{"google.json", "microsoft.json", "tasksorg.json", "vikunja.json", "ticktick.csv", "todoist-lost.csv", "zones.ics", "lost.ics"} {
		text, err := os.ReadFile("testdata/" + name)
		require.NoError(f, err)
		f.Add(text)
	}
	f.Add([]byte(`{"kind":"tasks#tasks","items":[{"id":"1","due":"2026-03-01T00:00:00Z","scheduled_time":[{"start":"x"}]}]}`))
	f.Add([]byte("\xff\xfeT\x00Y\x00"))
	service := NewService(task.NewService(nil, fuzzNow), nil, nil, fuzzNow)
	f.Fuzz(func(t *testing.T, text []byte) {
		content, err := service.read(fuzzUser, "application/octet-stream", bytes.NewReader(text))
		requireContent(t, content, err)
		for _, one := range content.items {
			one.finish()
			in := one.ready()
			require.NoError(t, input.CheckText("title", in.Title.Value, task.MaxTitle))
			require.NoError(t, input.CheckText("description", in.Description.Value, task.MaxDescription))
		}
	})
}

func FuzzArchive(f *testing.F) {
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	for name, text := range map[string]string{"a [1].csv": "TYPE,CONTENT\ntask,x\n", "data.json": "[]", "../b.ics": "BEGIN:VCALENDAR\nEND:VCALENDAR\n"} {
		entry, err := w.Create(name)
		require.NoError(f, err)
		_, err = entry.Write([]byte(text))
		require.NoError(f, err)
	}
	require.NoError(f, w.Close())
	f.Add(packed.Bytes())
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	service := NewService(task.NewService(nil, fuzzNow), nil, nil, fuzzNow)
	f.Fuzz(func(t *testing.T, text []byte) {
		content, err := service.read(fuzzUser, "application/zip", bytes.NewReader(text))
		requireContent(t, content, err)
	})
}

func FuzzPlainText(f *testing.F) {
	f.Add(`<p>See <a href="https://example.org">it</a></p><ul><li data-checked="true">one</li></ul>`)
	f.Add("a < b and c > d")
	f.Fuzz(func(t *testing.T, text string) {
		plain := plainText(text)
		require.LessOrEqual(t, len(plain), 10*len(text)+10)
	})
}

// A text is decoded the same however it arrives, and becomes UTF-8.
func FuzzEncoding(f *testing.F) {
	f.Add([]byte("M\xfcll"))
	f.Add([]byte("\xff\xfeM\x00"))
	f.Add([]byte("caf\xc3\xa9 \xff"))
	f.Fuzz(func(t *testing.T, text []byte) {
		whole, err := io.ReadAll(decoded(bufio.NewReader(bytes.NewReader(text)), &content{}))
		require.NoError(t, err)
		require.True(t, utf8.Valid(whole))
		pieces, err := io.ReadAll(decoded(bufio.NewReaderSize(iotest.OneByteReader(bytes.NewReader(text)), 16), &content{}))
		require.NoError(t, err)
		require.Equal(t, whole, pieces)
	})
}

func FuzzTable(f *testing.F) {
	for _, seed := range []string{
		"Task,Due date\nx,2026-03-05\n", "Task;Due;Time;Parent;ID\nx;46086,5;0,375;1;1.1\n", "Name,Due,Status,Tags,Created,Blocked by\nx,\"March 5, 2026 → March 8, 2026\",Done,\"[a,b]\",Thu Mar 05 2026 23:00:00 GMT+0000 (GMT+00:00),y\n",
		"Aufgabe\tTermin\tErinnerung am\tWiederholung\nx\t5.3.26\t4/3/26 12:00 AM\tjeden Montag\n", "Task,Due,Reminder\nx,99999,13/13/13\n", "# Home\n- [ ] a 📅 2026-12-05\n  * [x] b\ntext\n1. c\n",
	} {
		f.Add([]byte(seed))
	}
	service := NewService(task.NewService(nil, fuzzNow), nil, nil, fuzzNow)
	f.Fuzz(func(t *testing.T, text []byte) {
		content, err := service.read(fuzzUser, "text/csv", bytes.NewReader(text))
		requireContent(t, content, err)
	})
}
