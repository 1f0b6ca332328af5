package transfer_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/task"
	"tickler/internal/transfer"
)

// What a library reads by calling itself, character by character, or not at all
// if a colon is missing, is refused before it reads.
func TestCalendarThatIsMadeToHarmIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	const size = 8 << 20
	many := func(line string) string { return strings.Repeat(line, size/len(line)) }
	for name, file := range map[string]string{
		"nested":                      many("BEGIN:VTODO\r\n"),
		"nested, with parameters":     many("BEGIN;A=b:VTODO\n"),
		"nested, folded":              many("BE\r\n GIN:VTODO\r\n"),
		"nested, folded with tabs":    many("B\n\tEGIN:VTODO\n"),
		"nested, in small letters":    many("begin:x\n"),
		"a long parameter":            "BEGIN:VCALENDAR\nX;A=\"" + many("x") + "\":y\nEND:VCALENDAR\n",
		"a long parameter, folded":    "BEGIN:VCALENDAR\nX;A=" + many("x\n ") + ":y\nEND:VCALENDAR\n",
		"a parameter, quoted, and on": "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY;A=\"b\"c:y\nEND:VTODO\nEND:VCALENDAR\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			service := transfer.NewService(task.NewService(nil, time.Now), nil, nil, time.Now)
			ended := make(chan error, 1)
			go func() {
				_, err := service.Import(context.Background(), person.Settings{UserID: 1, TimeZone: "UTC"}, "text/calendar", strings.NewReader(file), true)
				ended <- err
			}()
			select {
			case err := <-ended:
				var e *fault.Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, fault.InvalidInput, e.Code)
			case <-time.After(20 * time.Second): // what is read in one pass takes a fraction of a second
				t.Fatal("it is still being read")
			}
		})
	}
}
