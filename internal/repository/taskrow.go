package repository

import (
	"reflect"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"tickler/internal/label"
	"tickler/internal/task"
)

// taskRow is a row of tasks. Its tags name the columns; from them follow the columns
// to select, insert and update, and where each is scanned to. A "searched" column is
// part of search_vector; a "once" column never changes; an "elsewhere" column is not
// written with the task; a "restless" column is derived from others, so undo does
// not restore it.
type taskRow struct {
	UserID      int64  `db:"user_id,once"`
	Title       string `db:"title,searched"`
	Description string `db:"description,searched"`
	Priority    string `db:"priority"`
	CategoryID  *int64 `db:"category_id,searched"`
	// TagIDs duplicates task_tags: Insert and Save write both, and removing a tag
	// removes it from both.
	TagIDs          []int64    `db:"tag_ids,searched"`
	CompletedAt     *time.Time `db:"completed_at"`
	EstimateMinutes *int       `db:"estimate_minutes"`
	DueDate         *time.Time `db:"due_date"`
	AllDay          bool       `db:"all_day"`
	TimeZone        string     `db:"time_zone"`
	DueWall         *time.Time `db:"due_wall"`

	ParentID    *int64     `db:"parent_id"`
	BlockedBy   []int64    `db:"blocked_by"`
	StartDate   *time.Time `db:"start_date"`
	StartAllDay bool       `db:"start_all_day"`
	WaitingFor  *string    `db:"waiting_for"`
	DeletedWith *int64     `db:"deleted_with"`

	RecurrenceRule        *string    `db:"recurrence_rule"`
	RecurrenceBase        string     `db:"recurrence_base"`
	SeriesID              *uuid.UUID `db:"series_id"`
	SeriesStart           *time.Time `db:"series_start"`
	SeriesStartOccurrence int        `db:"series_start_occurrence"`
	Occurrence            int        `db:"occurrence"`
	SeriesDate            *time.Time `db:"series_date"`
	Missed                string     `db:"missed"`
	PreviousTaskID        *int64     `db:"previous_task_id,once"`
	// Skipped is JSON: the skips that can be undone.
	Skipped []task.SkippedDate `db:"skipped"`

	ReminderOffsets  []int       `db:"reminder_offsets"`
	AbsoluteReminder *time.Time  `db:"absolute_reminder"`
	SnoozedUntil     *time.Time  `db:"snoozed_until"`
	ReminderTimes    []time.Time `db:"reminder_times,restless"`
	NagMinutes       *int        `db:"nag_minutes"`
	NagFrom          *time.Time  `db:"nag_from"`

	CreatedAt time.Time  `db:"created_at,once"`
	UpdatedAt time.Time  `db:"updated_at,restless"`
	DeletedAt *time.Time `db:"deleted_at"`
	Version   int        `db:"version,restless"`

	// Columns of other tables, and columns that Postgres sets.
	ID       int64      `db:"id,elsewhere"`
	RemindAt *time.Time `db:"remind_at,elsewhere"`
	// When a reminder was last claimed, and for which due date; when a held-back one
	// is tried next.
	RemindedAt  *time.Time `db:"reminded_at,elsewhere"`
	RemindedDue *time.Time `db:"reminded_due,elsewhere"`
	HeldUntil   *time.Time `db:"held_until,elsewhere"`
}

// taskColumn is a column of taskRow.
type taskColumn struct {
	name                      string
	searched, once, elsewhere bool
	restless                  bool
}

var taskRowColumns = func() (all []taskColumn) {
	for f := range reflect.TypeFor[taskRow]().Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("db"), ",")
		all = append(all, taskColumn{name, options == "searched", options == "once", options == "elsewhere", options == "restless"})
	}
	return all
}()

// columns lists the wanted columns, each written by format, in which % is its name.
func columns(format, separator string, wanted func(taskColumn) bool) string {
	var all []string
	for _, c := range taskRowColumns {
		if wanted(c) {
			all = append(all, strings.ReplaceAll(format, "%", c.name))
		}
	}
	return strings.Join(all, separator)
}

func stored(c taskColumn) bool { return !c.elsewhere }

// undone tells whether undo gives the column its former value.
func (c taskColumn) undone() bool {
	return stored(c) && !c.once && !c.restless || c.name == "remind_at"
}

var (
	// taskColumns selects a selectedTask from taskTables; undescribed leaves its
	// description empty.
	taskColumns = selecting(`t.description`)
	undescribed = selecting(`'' AS description`)

	insertTask = `
		WITH added AS (
			INSERT INTO tasks (` + columns(`%`, `, `, stored) + `, idempotency_key, idempotency_digest)
			VALUES (` + columns(`@%`, `, `, stored) + `, @idempotency_key, @idempotency_digest)
			ON CONFLICT DO NOTHING
			RETURNING id
		), armed AS (
			INSERT INTO reminders (task_id, user_id, remind_at)
			SELECT id, @user_id, @remind_at::timestamptz FROM added WHERE @remind_at IS NOT NULL
		)
		SELECT id FROM added`

	// insertTaskAs is insertTask under an id that was drawn before, or that the task had.
	insertTaskAs = strings.Replace(strings.Replace(insertTask, `INSERT INTO tasks (`, `INSERT INTO tasks (id, `, 1), `
			VALUES (`, ` OVERRIDING SYSTEM VALUE
			VALUES (@id, `, 1)

	// updateTask omits the searched columns: writing them makes Postgres recompute
	// all the task's words.
	updateTask     = updateOf(func(c taskColumn) bool { return stored(c) && !c.once && !c.searched })
	updateSearched = updateOf(func(c taskColumn) bool { return stored(c) && !c.once })
)

func selecting(description string) string {
	plain := func(c taskColumn) bool { return stored(c) && c.name != "description" }
	return ` ` + columns(`t.%`, `, `, plain) + `, ` + description + `, t.id, r.remind_at, r.reminded_at, r.reminded_due,
	(SELECT min(d.next_attempt_at) FROM deliveries d
	 WHERE d.task_id = t.id AND d.user_id = t.user_id AND d.state = 'pending' AND d.kind = 'reminder') AS held_until,
	CASE WHEN t.blocked_by IS NOT NULL THEN ARRAY(
		SELECT b.id FROM tasks b WHERE b.user_id = t.user_id AND b.id = ANY (t.blocked_by) AND b.deleted_at IS NULL AND NOT b.completed ORDER BY b.id
	) END AS open_blockers,
	(SELECT ARRAY[count(*) FILTER (WHERE NOT p.completed), count(*) FILTER (WHERE p.completed)]
	 FROM tasks p WHERE p.user_id = t.user_id AND p.parent_id = t.id AND p.deleted_at IS NULL) AS parts,
	c.name AS category_name, c.color AS category_color,
	coalesce((
		SELECT json_agg(json_build_object('id', g.id, 'name', g.name, 'color', g.color) ORDER BY lower(g.name))
		FROM task_tags x JOIN tags g ON g.id = x.tag_id
		WHERE x.user_id = t.user_id AND x.task_id = t.id
	), '[]') AS tags`
}

const taskTables = ` FROM tasks t LEFT JOIN reminders r ON r.task_id = t.id
	LEFT JOIN categories c ON c.user_id = t.user_id AND c.id = t.category_id `

func updateOf(wanted func(taskColumn) bool) string {
	return `UPDATE tasks SET ` + columns(`% = @%`, `, `, wanted) + ` WHERE user_id = @user_id AND id = @id`
}

// rowOf returns a task as it is stored.
func rowOf(t *task.Task) taskRow {
	row := taskRow{
		ID: t.ID, UserID: t.UserID, Title: t.Title, Description: t.Description, Priority: string(t.Priority), TagIDs: t.TagIDs(),
		CompletedAt: t.CompletedAt, EstimateMinutes: t.EstimateMinutes, DueDate: t.DueDate, AllDay: t.AllDay, TimeZone: t.TimeZone, DueWall: t.DueWall,
		RecurrenceBase: string(task.FromDue), SeriesStartOccurrence: 1, Occurrence: 1, PreviousTaskID: t.PreviousTaskID,
		ReminderOffsets: t.ReminderOffsets, AbsoluteReminder: t.AbsoluteReminder, SnoozedUntil: t.SnoozedUntil,
		ReminderTimes: t.ReminderTimes, NagFrom: t.NagFrom, RemindAt: t.RemindAt,
		Missed: string(task.SkipMissed), Skipped: t.Skipped,
		CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt, DeletedAt: t.DeletedAt, Version: t.Version,
		ParentID: t.ParentID, BlockedBy: t.BlockedBy, StartDate: t.StartDate, StartAllDay: t.StartAllDay,
		WaitingFor: orNull(t.WaitingFor), DeletedWith: t.DeletedWith,
	}
	if t.Category != nil {
		row.CategoryID = &t.Category.ID
	}
	if r := t.Recurrence; r != nil {
		row.RecurrenceRule, row.RecurrenceBase, row.SeriesID, row.SeriesStart = &r.Rule, string(r.Base), &r.SeriesID, &r.Start
		row.SeriesStartOccurrence, row.Occurrence = r.StartOccurrence, r.Occurrence
		if !r.Date.IsZero() {
			row.SeriesDate = &r.Date
		}
		if r.Missed != "" {
			row.Missed = string(r.Missed)
		}
	}
	if t.NagMinutes > 0 {
		row.NagMinutes = &t.NagMinutes
	}
	if row.ReminderTimes == nil {
		row.ReminderTimes = []time.Time{}
	}
	return row
}

// args returns the row as the named arguments of a statement.
func (row taskRow) args() pgx.NamedArgs {
	args, values := pgx.NamedArgs{}, reflect.ValueOf(row)
	for i, c := range taskRowColumns {
		args[c.name] = values.Field(i).Interface()
	}
	return args
}

// searchedAs reports whether all searched columns are the same in two rows.
func (row taskRow) searchedAs(other taskRow) bool {
	a, b := reflect.ValueOf(row), reflect.ValueOf(other)
	for i, c := range taskRowColumns {
		if c.searched && !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			return false
		}
	}
	return true
}

// selectedTask is a row with what is joined to it: taskColumns.
type selectedTask struct {
	taskRow
	CategoryName  *string     `db:"category_name"`
	CategoryColor *string     `db:"category_color"`
	OpenBlockers  []int64     `db:"open_blockers"`
	Parts         []int       `db:"parts"` // open, done
	Tags          []label.Tag `db:"tags"`
}

// task converts the row to a task.
func (s selectedTask) task() *task.Task {
	row := s.taskRow
	t := &task.Task{
		ID: row.ID, UserID: row.UserID, Title: row.Title, Description: row.Description, Priority: task.Priority(row.Priority), Tags: s.Tags,
		CompletedAt: utc(row.CompletedAt), EstimateMinutes: row.EstimateMinutes, DueDate: utc(row.DueDate), AllDay: row.AllDay, TimeZone: row.TimeZone, DueWall: row.DueWall,
		PreviousTaskID: row.PreviousTaskID, ReminderOffsets: row.ReminderOffsets,
		AbsoluteReminder: utc(row.AbsoluteReminder), SnoozedUntil: utc(row.SnoozedUntil), NagFrom: utc(row.NagFrom),
		RemindAt: utc(row.RemindAt), RemindedAt: utc(row.RemindedAt), RemindedDue: utc(row.RemindedDue), HeldUntil: utc(row.HeldUntil),
		Skipped:   row.Skipped,
		CreatedAt: row.CreatedAt.UTC(), UpdatedAt: row.UpdatedAt.UTC(), DeletedAt: utc(row.DeletedAt), Version: row.Version,
		ParentID: row.ParentID, BlockedBy: row.BlockedBy, StartDate: utc(row.StartDate), StartAllDay: row.StartAllDay,
		DeletedWith: row.DeletedWith, Standing: task.Standing{OpenBlockers: s.OpenBlockers},
	}
	if row.WaitingFor != nil {
		t.WaitingFor = *row.WaitingFor
	}
	if len(s.Parts) == 2 {
		t.Standing.OpenParts, t.Standing.DoneParts = s.Parts[0], s.Parts[1]
	}
	for _, at := range row.ReminderTimes {
		t.ReminderTimes = append(t.ReminderTimes, at.UTC())
	}
	if row.RecurrenceRule != nil {
		t.Recurrence = &task.Recurrence{
			Rule: *row.RecurrenceRule, Base: task.RecurrenceBase(row.RecurrenceBase), SeriesID: *row.SeriesID,
			Start: *row.SeriesStart, StartOccurrence: row.SeriesStartOccurrence, Occurrence: row.Occurrence,
			Missed: task.Missed(row.Missed),
		}
		if row.SeriesDate != nil {
			t.Recurrence.Date = *row.SeriesDate
		}
	}
	if row.NagMinutes != nil {
		t.NagMinutes = *row.NagMinutes
	}
	if row.CategoryID != nil {
		t.Category = &label.Category{ID: *row.CategoryID, Name: *s.CategoryName}
		if s.CategoryColor != nil {
			t.Category.Color = *s.CategoryColor
		}
	}
	return t
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	at := t.UTC()
	return &at
}
