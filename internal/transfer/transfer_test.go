package transfer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/pgtest"
	"tickler/internal/repository"
	"tickler/internal/task"
	"tickler/internal/transfer"
)

// bundle is a system at 08:00 UTC of Monday 2026-03-02, with two users, and others as
// they come.
type bundle struct {
	ctx      context.Context
	tasks    *task.Service
	labels   *label.Service
	people   *person.Service
	transfer *transfer.Service
	events   func() []string // types of all, in their order
	ann, bob person.Settings
	newcomer func(t *testing.T, name string) person.Settings
}

func setup(t *testing.T) *bundle {
	t.Helper()
	t.Parallel()
	b := &bundle{ctx: context.Background()}
	pool := pgtest.Open(t)
	now := func() time.Time { return time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC) }
	store := repository.New(pool, "api", func() {})
	b.tasks, b.labels, b.people = task.NewService(store, now), label.NewService(store, now), person.NewService(store, now, person.ChannelRules{})
	b.transfer = transfer.NewService(b.tasks, b.labels, b.people, now)
	b.events = func() (types []string) {
		require.NoError(t, pool.QueryRow(b.ctx, `SELECT array_agg(topic || ' ' || event_type ORDER BY id, topic) FROM outbox JOIN journal USING (id)`).Scan(&types))
		return types
	}
	b.newcomer = func(t *testing.T, name string) person.Settings {
		id, err := store.EnsureUser(b.ctx, repository.LocalIssuer, name, "Europe/Berlin")
		require.NoError(t, err)
		user, err := store.Settings(b.ctx, id)
		require.NoError(t, err)
		return user
	}
	b.ann, b.bob = b.newcomer(t, "ann"), b.newcomer(t, "bob")
	return b
}

func (b *bundle) bring(t *testing.T, user person.Settings, kind, file string, dryRun bool) transfer.Report {
	t.Helper()
	report, err := b.transfer.Import(b.ctx, user, kind, strings.NewReader(file), dryRun)
	require.NoError(t, err)
	require.Len(t, report.Rows, report.Created+report.Skipped)
	require.Equal(t, dryRun, report.DryRun)
	return report
}

func (b *bundle) export(t *testing.T, user person.Settings) (doc transfer.Document, text string) {
	t.Helper()
	exported, err := b.transfer.Export(b.ctx, user)
	require.NoError(t, err)
	var written strings.Builder
	require.NoError(t, exported.Write(&written))
	require.NoError(t, json.Unmarshal([]byte(written.String()), &doc))
	return doc, written.String()
}

func (b *bundle) everything(t *testing.T, user person.Settings) (all []*task.Task) {
	t.Helper()
	for one, err := range b.tasks.Everything(b.ctx, user) {
		require.NoError(t, err)
		all = append(all, one)
	}
	return all
}

// all reads the user's tasks by title.
func (b *bundle) all(t *testing.T, user person.Settings) map[string]*task.Task {
	t.Helper()
	found := b.everything(t, user)
	byTitle := map[string]*task.Task{}
	for _, one := range found {
		byTitle[one.Title] = one
	}
	require.Len(t, byTitle, len(found))
	return byTitle
}

// requireOnce sees that a file is tried without effect, imported, and imported
// only once.
func (b *bundle) requireOnce(t *testing.T, kind, file string, created int) transfer.Report {
	t.Helper()
	tried := b.bring(t, b.ann, kind, file, true)
	require.Empty(t, b.all(t, b.ann))
	require.Empty(t, b.events())
	done := b.bring(t, b.ann, kind, file, false)
	require.Equal(t, created, done.Created, "%+v", done.Rows)
	require.Len(t, b.all(t, b.ann), created)
	require.Equal(t, created, tried.Created)
	again := b.bring(t, b.ann, kind, file, false)
	require.Zero(t, again.Created)
	require.Len(t, b.all(t, b.ann), created)
	for i, row := range again.Rows {
		require.NotEmpty(t, row.Reason)
		require.Equal(t, done.Rows[i].TaskID, row.TaskID)
	}
	return done
}

func TestWhatWasExportedIsTheSameAfterItsImport(t *testing.T) {
	b := setup(t)
	add := func(in task.AddInput) int64 {
		added, err := b.tasks.Add(b.ctx, b.ann, in)
		require.NoError(t, err)
		return added.Task.ID
	}
	_, err := b.labels.CreateCategory(b.ctx, b.ann, label.CreateCategoryInput{Name: "Büro", Color: "#1E90FF"})
	require.NoError(t, err)
	add(task.AddInput{Fields: task.Fields{Title: input.Some("plain")}})
	series := add(task.AddInput{Fields: task.Fields{Title: input.Some("series"), EstimateMinutes: input.Some(25), Description: input.Some("💥"), Priority: input.Some(task.High), DueDate: input.Some("2026-03-05T09:00"), RecurrenceRule: input.Some("daily"), Category: input.Some("Büro"), Tags: input.Some([]string{"a", "b"}), ReminderOffsets: input.Some([]int{30, 5})}})
	_, err = b.tasks.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: series})
	require.NoError(t, err)
	next, err := b.tasks.CreateSuccessor(b.ctx, b.ann.UserID, series)
	require.NoError(t, err)
	_, err = b.tasks.Update(b.ctx, b.ann, task.UpdateInput{TaskID: next.ID, Fields: task.Fields{Title: input.Some("its successor")}})
	require.NoError(t, err)
	day := add(task.AddInput{Fields: task.Fields{Title: input.Some("a day"), DueDate: input.Some("2026-03-20"), ReminderOffsets: input.Some([]int{})}})
	_, err = b.tasks.SetReminder(b.ctx, b.ann, task.ReminderInput{TaskID: day, RemindAt: input.Some("2026-03-19T10:00")})
	require.NoError(t, err)
	_, err = b.people.UpdateSettings(b.ctx, b.ann, person.SettingsInput{TimeZone: "Asia/Tokyo", ReminderOffsets: input.Some([]int{10}), QuietHours: input.Some("22:00-07:00 except urgent")})
	require.NoError(t, err)
	add(task.AddInput{Fields: task.Fields{Title: input.Some("gone")}})
	_, err = b.tasks.Delete(b.ctx, b.ann, day+1)
	require.NoError(t, err)
	b.ann.TimeZone, b.ann.ReminderOffsets = "Asia/Tokyo", []int{10}

	before, file := b.export(t, b.ann)
	require.Len(t, before.Tasks, 4)
	events := len(b.events())
	report := b.bring(t, b.bob, "application/json", file, false)
	require.Equal(t, 4, report.Created, "%+v", report)
	require.Equal(t, []string{"reminder_offsets", "time_zone", "quiet_hours"}, report.Settings)
	require.Equal(t, []string{"task-events task.created", "task-events task.created", "task-events task.updated", "task-events task.created", "task-events task.created"}, b.events()[events:], "nothing follows from what was completed long ago")

	b.bob.TimeZone, b.bob.ReminderOffsets = "Asia/Tokyo", []int{10}
	after, _ := b.export(t, b.bob)
	require.Equal(t, modulo(before), modulo(after))
	again := b.bring(t, b.bob, "application/json", file, false)
	require.Equal(t, 4, again.Skipped)
	own := b.bring(t, b.ann, "application/json", file, false)
	require.Equal(t, 4, own.Skipped, "they are where they came from: %+v", own.Rows)
	moved, err := b.tasks.Get(b.ctx, b.bob, report.Rows[1].TaskID)
	require.NoError(t, err)
	none, err := b.tasks.CreateSuccessor(b.ctx, b.bob.UserID, moved.ID)
	require.NoError(t, err)
	require.Nil(t, none, "it has its successor")
}

func TestWallTimeThatAZoneSkipsIsTransferred(t *testing.T) {
	b := setup(t)
	_, err := b.tasks.Add(b.ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("x"), DueDate: input.Some("2027-03-28T02:30"), TimeZone: input.Some("Europe/Berlin")}})
	require.NoError(t, err)
	before, file := b.export(t, b.ann)
	require.Equal(t, "2027-03-28T01:30:00Z", before.Tasks[0].DueDate)
	require.Equal(t, "2027-03-28T02:30:00", before.Tasks[0].DueWall)
	require.Equal(t, 1, b.bring(t, b.bob, "application/json", file, false).Created)
	after, _ := b.export(t, b.bob)
	require.Equal(t, modulo(before).Tasks, modulo(after).Tasks)
}

// modulo puts an order in the place of ids, and leaves out the moments of the
// transfer.
func modulo(doc transfer.Document) transfer.Document {
	place, series := map[int64]int64{}, map[string]string{}
	for i := range doc.Tasks {
		one := &doc.Tasks[i]
		place[one.ID] = int64(i + 1)
		one.ID, one.UpdatedAt = place[one.ID], ""
		if one.PreviousTaskID != 0 {
			one.PreviousTaskID = place[one.PreviousTaskID]
		}
		if one.Series != nil {
			if series[one.Series.ID] == "" {
				series[one.Series.ID] = fmt.Sprint(len(series))
			}
			one.Series.ID = series[one.Series.ID]
		}
	}
	doc.ExportedAt = ""
	return doc
}

func TestTodoistIsImported(t *testing.T) {
	b := setup(t)
	file := "\xef\xbb\xbfTYPE,CONTENT,DESCRIPTION,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE,DURATION,DURATION_UNIT\r\n" +
		"meta,view_style=list,,,,,,,,,,\r\n" +
		"task,Buy milk @errand @shop,\"two\nlitres\",1,1,Ann (1),,tomorrow,en,Europe/Berlin,None,None\r\n" +
		"task,Buy milk @errand @shop,\"two\nlitres\",1,1,Ann (1),,tomorrow,en,Europe/Berlin,None,None\r\n" +
		"note,oat milk,,,,Ann (1),,,,,,\r\n" +
		",,,,,,,,,,,\r\n" +
		"section,Work 💼,,,,,,,,,,\r\n" +
		"task,Report,,4,1,,,every! mon at 9am,en,America/New_York,,\r\n" +
		"task,Numbers,,3,2,,,whenever,en,,,\r\n" +
		"task,,,3,1,,,,,,,\r\n" +
		"task," + strings.Repeat("é", 300) + ",,9,1,,,every 3rd,,,,\r\n" +
		"weird,x,,,,,,,,,,\r\n"
	require.NotEmpty(t, b.bring(t, b.ann, "text/csv", file, true).Rows)
	report := b.bring(t, b.ann, "text/csv", file, false)
	require.Equal(t, 5, report.Created, "%+v", report.Rows)
	require.Equal(t, 2, report.Skipped)
	require.Equal(t, []int{3, 5, 10, 11, 12, 13, 14}, rows(report), "lines of the file")
	require.Contains(t, report.Rows[3].Notes, `the date "whenever" could not be read; it stands in the description`)
	require.Contains(t, report.Rows[4].Reason, "title is empty")
	require.Contains(t, report.Rows[5].Notes[0], "priority")
	require.Contains(t, report.Rows[6].Reason, "not known")
	again := b.bring(t, b.ann, "text/csv", file, false)
	require.Zero(t, again.Created)
	found := b.everything(t, b.ann)
	require.Len(t, found, 5)
	milk, second, monday, numbers, long := found[0], found[1], found[2], found[3], found[4]
	require.Equal(t, "Buy milk", milk.Title)
	require.Equal(t, []string{"errand", "shop"}, []string{milk.Tags[0].Name, milk.Tags[1].Name})
	require.Equal(t, task.Urgent, milk.Priority)
	require.True(t, milk.AllDay)
	require.Equal(t, "2026-03-03", milk.FormatDue(b.ann))
	require.Equal(t, "two\nlitres", second.Description)
	said := b.said(t, b.ann, second.ID)
	require.Len(t, said, 1)
	require.Equal(t, []string{"oat milk", "Ann", "system"}, []string{said[0].Text, said[0].Author, said[0].AuthorKind})
	require.Equal(t, "Work 💼", monday.Category.Name)
	require.Equal(t, "America/New_York", monday.TimeZone)
	require.Equal(t, "2026-03-02T15:00:00+01:00", monday.FormatDue(b.ann), "today, at the wall time of its own zone")
	require.Equal(t, task.FromCompletion, monday.Recurrence.Base)
	require.Equal(t, monday.ID, *numbers.ParentID, "indented below it")
	require.Contains(t, numbers.Description, "whenever")
	require.Len(t, []rune(long.Title), task.MaxTitle)
	require.Contains(t, long.Description, strings.Repeat("é", 300))
	require.Contains(t, long.Recurrence.Rule, "BYMONTHDAY=3")
}

func rows(report transfer.Report) (list []int) {
	for _, row := range report.Rows {
		list = append(list, row.Row)
	}
	return list
}

func TestACalendarIsImported(t *testing.T) {
	b := setup(t)
	file := strings.ReplaceAll(`BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:e1
SUMMARY:Not a to-do
END:VEVENT
BEGIN:VTODO
UID:1
SUMMARY:Pay\, the
  rent
DESCRIPTION:first line\nsecond
DUE;TZID=America/New_York:20260310T090000
PRIORITY:1
CATEGORIES:home,money
RRULE:FREQ=MONTHLY;BYMONTHDAY=10
CREATED:20250101T000000Z
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT30M
END:VALARM
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER;VALUE=DATE-TIME:20260309T080000Z
END:VALARM
END:VTODO
BEGIN:VTODO
UID:2
SUMMARY:Done
DUE;VALUE=DATE:20260301
STATUS:COMPLETED
COMPLETED:20260301T100000Z
END:VTODO
BEGIN:VTODO
UID:3
SUMMARY:Cancelled
STATUS:CANCELLED
END:VTODO
BEGIN:VTODO
UID:4
SUMMARY:Odd
DUE:yesterday
RRULE:FREQ=SOMETIMES
END:VTODO
END:VCALENDAR
`, "\n", "\r\n")
	tried := b.bring(t, b.ann, "text/calendar", file, true)
	require.Equal(t, 3, tried.Created)
	require.Empty(t, b.all(t, b.ann))
	require.Empty(t, b.events())
	report := b.bring(t, b.ann, "text/calendar", file, false)
	require.Equal(t, 3, report.Created, "%+v", report.Rows)
	require.Contains(t, report.Rows[2].Reason, "cancelled")
	require.Len(t, report.Rows[3].Notes, 2)
	require.Equal(t, 4, b.bring(t, b.ann, "text/calendar", file, false).Skipped)
	found := b.all(t, b.ann)
	rent := found["Pay, the rent"]
	require.Equal(t, "first line\nsecond", rent.Description)
	require.Equal(t, "2026-03-10T14:00:00+01:00", rent.FormatDue(b.ann), "09:00 in New York, already in summer time")
	require.Equal(t, "America/New_York", rent.TimeZone)
	require.Equal(t, task.Urgent, rent.Priority)
	require.Len(t, rent.Tags, 2)
	require.Equal(t, []int{30, 29 * 60}, rent.ReminderOffsets, "at that distance from each date of the series")
	require.Nil(t, rent.AbsoluteReminder)
	require.Equal(t, 2025, rent.CreatedAt.Year())
	require.NotNil(t, rent.Recurrence)
	require.Equal(t, "2026-03-01T10:00:00Z", found["Done"].CompletedAt.Format(time.RFC3339))
	require.Nil(t, found["Done"].RemindAt)
}

func TestADryRunForeseesWhereTheLimitsAre(t *testing.T) {
	b := setup(t)
	_, err := b.labels.CreateCategory(b.ctx, b.ann, label.CreateCategoryInput{Name: "home"})
	require.NoError(t, err)
	file := "TYPE,CONTENT\nsection,HOME\ntask,x\n"
	for n := range label.MaxCategories + 2 {
		file += fmt.Sprintf("section,s%d\ntask,in %d @t%d\n", n, n, n*2)
		file += fmt.Sprintf("task,again in %d @T%d @t%d\n", n, n*2, n*2+1)
	}
	tried := b.bring(t, b.ann, "text/csv", file, true)
	done := b.bring(t, b.ann, "text/csv", file, false)
	require.Zero(t, done.Skipped, "a category too many does not cost the task")
	for i, row := range done.Rows {
		require.Equal(t, row.Notes, tried.Rows[i].Notes, row.Title)
	}
	last := done.Rows[len(done.Rows)-1]
	require.Equal(t, []string{
		`category "s51" would be one more than the 50 categories allowed; it stands in the description`,
		`tag "t103" would be one more than the 100 tags allowed; it stands in the description`,
	}, []string{last.Notes[0], last.Notes[len(last.Notes)-1]})
	one, err := b.tasks.Get(b.ctx, b.ann, last.TaskID)
	require.NoError(t, err)
	require.Equal(t, "Category: s51\nTags: T102, t103", one.Description)
	require.Nil(t, one.Category)
	require.Empty(t, one.Tags)
}

func TestImportForeseesNamesThatLookAlike(t *testing.T) {
	b := setup(t)
	file := "TYPE,CONTENT\nsection,HOME\ntask,x\ntask,y @НОМЕ @HOME\ntask,z @other\nsection,НОМЕ\ntask,w\n"
	tried := b.bring(t, b.ann, "text/csv", file, true)
	done := b.bring(t, b.ann, "text/csv", file, false)
	require.Zero(t, done.Skipped)
	require.Contains(t, done.Rows[1].Notes[0], "another alphabet")
	require.Contains(t, done.Rows[3].Notes[0], "another alphabet")
	for i, row := range done.Rows {
		require.Equal(t, row.Notes, tried.Rows[i].Notes, row.Title)
	}
}

func TestAFileIsImportedOnce(t *testing.T) {
	b := setup(t)
	b.requireOnce(t, "text/csv", "TYPE,CONTENT,DATE\ntask,a,2026-03-05\ntask,b,every day 9:00\n", 2)
}

func TestWhatIsNoSuchFileIsRefused(t *testing.T) {
	b := setup(t)
	for _, c := range []struct{ kind, file, field string }{
		{"text/plain", "x", "Content-Type"},
		{"text/csv", "", "body"},
		{"text/csv", "a,b\n1,2\n", "body"},
		{"text/calendar", "", "body"},
		{"text/calendar", "BEGIN:VCALENDAR\r\n", "body"},
		{"text/calendar", strings.Repeat("BEGIN:X\r\n", 100_000), "body"},
		{"application/json", "", "body"},
		{"application/json", "[]", "body"},
		{"application/json", `{"tasks":[{"titel":"x"}]}`, "body"},
		{"application/json", `{"format":"other","version":1}`, "format"},
		{"application/json", `{"format":"tickler","version":1} {}`, "body"},
		{"application/json", `{"format":"tickler","version":1,"settings":{"time_zone":"Mars"}}`, "time_zone"},
	} {
		_, err := b.transfer.Import(b.ctx, b.ann, c.kind, strings.NewReader(c.file), false)
		var e *fault.Error
		require.ErrorAs(t, err, &e, "%s %.40s", c.kind, c.file)
		require.Equal(t, c.field, e.Field, e.Message)
	}
	report := b.bring(t, b.ann, "application/json", `{"format":"tickler","version":1,"settings":{"time_zone":"UTC"},"tasks":[
		{"id":1,"title":"","created_at":""},{"id":2,"title":"x","created_at":"soon"},{"id":3,"title":"x","due_date":"never"},
		{"id":4,"title":"ok","priority":"low"},{"id":4,"title":"ok","priority":"low"},
		{"id":5,"title":"x","series":{"rule":"daily","id":"1","start":"2026-03-01T09:00:00","occurrence":1}}]}`, false)
	require.Equal(t, 4, report.Created, "a field that is not valid does not cost the task: %+v", report.Rows)
	for _, n := range []int{1, 2, 5} {
		require.NotEmpty(t, report.Rows[n].Notes)
	}
}

// largest is the most that is written at once.
type largest struct{ total, most int }

func (l *largest) Write(p []byte) (int, error) {
	l.total, l.most = l.total+len(p), max(l.most, len(p))
	return len(p), nil
}

func TestExportIsWrittenAsItIsRead(t *testing.T) {
	b := setup(t)
	empty, _ := b.export(t, b.bob)
	require.Empty(t, empty.Tasks)
	for n := range 230 {
		_, err := b.tasks.Add(b.ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some(fmt.Sprint(n)), Description: input.Some(strings.Repeat("𒈙", 9000))}})
		require.NoError(t, err)
	}
	exported, err := b.transfer.Export(b.ctx, b.ann)
	require.NoError(t, err)
	var written largest
	require.NoError(t, exported.Write(&written))
	require.Greater(t, written.total, 230*9000*4)
	require.Less(t, written.most, 64<<10, "a task at a time")
	doc, _ := b.export(t, b.ann)
	require.Len(t, doc.Tasks, 230, "each page, whole")
	for n, one := range doc.Tasks {
		require.Equal(t, fmt.Sprint(n), one.Title)
	}
	failing := errors.New("gone")
	require.ErrorIs(t, exported.Write(writerFunc(func([]byte) (int, error) { return 0, failing })), failing)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
