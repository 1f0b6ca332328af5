package transfer

import (
	"testing"
	"time"

	"github.com/emersion/go-ical"
	"github.com/stretchr/testify/require"

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
	f.Fuzz(func(t *testing.T, file []byte) {
		if checkLines(file) != nil {
			return
		}
		calendar, err := decode(file)
		if err != nil {
			return
		}
		require.LessOrEqual(t, nesting(calendar.Component), maxNesting)
		for n, component := range calendar.Children {
			if component.Name == ical.CompToDo {
				require.Equal(t, n, readToDo(n, component, fuzzUser.Zone()).row)
			}
		}
	})
}

func nesting(c *ical.Component) int {
	deepest := 0
	for _, child := range c.Children {
		deepest = max(deepest, nesting(child))
	}
	return deepest + 1
}

func FuzzTodoistFile(f *testing.F) {
	for _, seed := range []string{
		"", "TYPE,CONTENT\n", "TYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE\nsection,Home,,,,,,,,\ntask,Water @home plants,a,1,1,me,,every day at 9am,en,Europe/Berlin\ntask,x,,4,2,,,tomorrow,,\nnote,hm,,,,,,,,\n",
		"\xef\xbb\xbfTYPE,CONTENT\ntask,\"a\nb\n", "TYPE,CONTENT,INDENT\ntask,x,99999999999\ntask,y,-1\n", "TYPE,TYPE,CONTENT\n,,,,,\n", "TYPE,CONTENT\ntask,\x00\xff\n",
	} {
		f.Add([]byte(seed))
	}
	service := NewService(task.NewService(nil, fuzzNow), nil, nil, fuzzNow)
	f.Fuzz(func(t *testing.T, file []byte) {
		items, err := service.readTodoist(fuzzUser, file)
		if err != nil {
			require.Empty(t, items)
		}
		for _, one := range items {
			require.Positive(t, one.row)
			require.NotEmpty(t, one.in.IdempotencyKey)
		}
	})
}
