package task

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/person"
)

var (
	now = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC) // a Monday
	ann = person.Settings{UserID: 1, TimeZone: "Europe/Berlin", ReminderOffsets: []int{60}, AllDayTime: person.DefaultAllDayTime}
)

// whole is a task with a value in every field.
func whole(t *testing.T) *Task {
	t.Helper()
	due, at, previous, parent, minutes := now.Add(72*time.Hour), now.Add(time.Hour), int64(3), int64(9), 45
	one := &Task{
		ID: 7, UserID: 1, Title: "Water", Description: "all", Priority: High,
		Category: &label.Category{ID: 4, Name: "Home"}, Tags: []label.Tag{{ID: 2, Name: "b"}, {ID: 1, Name: "c"}},
		CompletedAt: &at, EstimateMinutes: &minutes, NagMinutes: 30, DueDate: &due, DueWall: &due, AllDay: true, TimeZone: "UTC",
		Recurrence: &Recurrence{Rule: "FREQ=DAILY", Base: FromDue, SeriesID: uuid.New(), Start: due, StartOccurrence: 1, Occurrence: 1, Missed: KeepMissed},
		ParentID:   &parent, DeletedWith: &parent, BlockedBy: []int64{4, 5}, StartDate: &at, StartAllDay: true, WaitingFor: "an answer", Standing: Standing{OpenParts: 1, OpenBlockers: []int64{4}},
		PreviousTaskID: &previous, ReminderOffsets: []int{5}, AbsoluteReminder: &at, SnoozedUntil: &at,
		ReminderTimes: []time.Time{at}, RemindAt: &at, NagFrom: &at, RemindedAt: &at, RemindedDue: &due, HeldUntil: &at,
		Skipped: []SkippedDate{{Due: &due}}, Notes: []string{"x"}, CreatedAt: now, UpdatedAt: now, DeletedAt: &at, Version: 2,
	}
	for field, value := range reflect.ValueOf(*one).Fields() {
		require.True(t, !field.IsExported() || !value.IsZero(), "%s has no value: give it one", field.Name)
	}
	return one
}

func TestCloneSharesNothing(t *testing.T) {
	one := whole(t)
	copied := one.Clone()
	require.Equal(t, one, copied)
	for field, value := range reflect.ValueOf(*one).Fields() {
		switch value.Kind() {
		case reflect.Pointer, reflect.Slice:
			if field.IsExported() {
				require.NotEqual(t, value.Pointer(), reflect.ValueOf(*copied).FieldByName(field.Name).Pointer(), field.Name)
			}
		}
	}
}

func TestNoDifferenceBetweenATaskAndItsCopy(t *testing.T) {
	one := whole(t)
	local := one.Clone()
	at := local.DueDate.In(time.FixedZone("x", 3600))
	local.DueDate = &at
	_, fields := Differences(one, local)
	require.Empty(t, fields, "an instant is the same in every zone")
}

// Every field a caller can give is reported when it changes.
func TestEveryFieldThatIsGivenIsTold(t *testing.T) {
	known := (&Task{}).Told()
	for field := range reflect.TypeFor[Fields]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch name {
		case "category", "tags": // told by their ids
			continue
		}
		require.Contains(t, known, name)
	}
	old, fields := Differences(&Task{}, whole(t))
	require.Equal(t, len(known), len(fields), "of a whole task, each differs from none")
	require.Nil(t, old["due_date"])
	require.Equal(t, []int64{1, 2}, fields["tag_ids"], "ascending")
}

func TestADayAndItsLastSecondAreTwoDueDates(t *testing.T) {
	one := whole(t)
	second := one.Clone()
	second.AllDay = false
	_, fields := Differences(one, second)
	require.Equal(t, map[string]any{"due_date": *one.DueDate, "all_day": false}, fields)
}

func TestFieldsAreGivenToATask(t *testing.T) {
	for name, c := range map[string]struct {
		fields Fields
		check  func(*Task) any
		want   any
	}{
		"title without blanks":    {Fields{Title: input.Some("  Pay ")}, func(t *Task) any { return t.Title }, "Pay"},
		"description, null":       {Fields{Description: input.Null[string]()}, func(t *Task) any { return t.Description }, ""},
		"priority, null":          {Fields{Priority: input.Null[Priority]()}, func(t *Task) any { return t.Priority }, Medium},
		"estimate":                {Fields{EstimateMinutes: input.Some(MaxEstimate)}, func(t *Task) any { return *t.EstimateMinutes }, MaxEstimate},
		"estimate, null":          {Fields{EstimateMinutes: input.Null[int]()}, func(t *Task) any { return t.EstimateMinutes == nil }, true},
		"due date, in the zone":   {Fields{DueDate: input.Some("2026-03-09T09:00")}, func(t *Task) any { return FormatTime(t.DueDate, time.UTC) + " " + t.TimeZone }, "2026-03-09T08:00:00Z Europe/Berlin"},
		"due date, null":          {Fields{DueDate: input.Null[string]()}, func(t *Task) any { return t.DueDate == nil && !t.AllDay && t.RemindAt == nil }, true},
		"offsets, none":           {Fields{ReminderOffsets: input.Some([]int{})}, func(t *Task) any { return t.ReminderOffsets != nil && t.RemindAt == nil }, true},
		"offsets, the user's":     {Fields{ReminderOffsets: input.Null[[]int]()}, func(t *Task) any { return t.ReminderOffsets == nil && t.RemindAt.Equal(t.DueDate.Add(-time.Hour)) }, true},
		"rule, the series' own":   {Fields{RecurrenceRule: input.Some("weekly")}, func(t *Task) any { return t.Recurrence.Rule }, "FREQ=WEEKLY"},
		"rule, null ends it":      {Fields{RecurrenceRule: input.Null[string]()}, func(t *Task) any { return t.Recurrence == nil }, true},
		"base alone":              {Fields{RecurrenceBase: input.Some(FromCompletion)}, func(t *Task) any { return t.Recurrence.Base }, FromCompletion},
		"a new date re-anchors":   {Fields{DueDate: input.Some("2026-03-20T10:00Z")}, func(t *Task) any { return t.Recurrence.Start.Format("01-02") }, "03-20"},
		"nothing leaves as it is": {Fields{}, func(t *Task) any { return t.Title }, "Water"},
	} {
		t.Run(name, func(t *testing.T) {
			due := now.Add(72 * time.Hour)
			one := &Task{ID: 7, Title: "Water", Description: "x", Priority: High, DueDate: &due, TimeZone: "UTC", ReminderOffsets: []int{5}}
			_, err := one.setRule("daily", FromDue, time.Time{}, now)
			require.NoError(t, err)
			require.NoError(t, one.set(c.fields, "", ann, now))
			require.Equal(t, c.want, c.check(one))
		})
	}
}

func TestFieldsOutOfBoundsAreRefusedByName(t *testing.T) {
	for field, fields := range map[string]Fields{
		"title":            {Title: input.Some(" ")},
		"description":      {Description: input.Some(strings.Repeat("ä", MaxDescription+1))},
		"priority":         {Priority: input.Some(Priority("asap"))},
		"estimate_minutes": {EstimateMinutes: input.Some(MaxEstimate + 1)},
		"due_date":         {DueDate: input.Some("tomorrow")},
		"recurrence_rule":  {RecurrenceRule: input.Some("now and then")},
		"recurrence_base":  {RecurrenceBase: input.Some(FromDue)},
		"reminder_offsets": {ReminderOffsets: input.Some([]int{-600_000})},
	} {
		one := &Task{Title: "x", Priority: Low, TimeZone: "UTC"}
		var e *fault.Error
		require.ErrorAs(t, one.set(fields, "", ann, now), &e, field)
		require.Equal(t, field, e.Field)
		require.Equal(t, fault.InvalidInput, e.Code)
	}
}

func TestOfANewTaskNothingAndEmptyAreTheSame(t *testing.T) {
	empty := Fields{
		Title: input.Some("x"), DueDate: input.Some(""), Category: input.Null[string](), Priority: input.Null[Priority](),
		Tags: input.Null[[]string](), RecurrenceRule: input.Some(""), ReminderOffsets: input.Null[[]int](),
	}
	require.Equal(t, Fields{Title: input.Some("x")}, empty.withoutEmpty())
	none := Fields{ReminderOffsets: input.Some([]int{})}
	require.Equal(t, none, none.withoutEmpty(), "no reminders at all is something")
	require.Equal(t, digest(AddInput{Fields: Fields{Title: input.Some("x")}, IdempotencyKey: "a"}), digest(AddInput{Fields: empty.withoutEmpty(), IdempotencyKey: "b"}))
}
