// Package event is the contract of the task bus: the event types and their data, the
// topics they go to, and the CloudEvents envelope around them.
package event

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Event types.
const (
	TaskCreated   = "task.created"
	TaskUpdated   = "task.updated"
	TaskDeleted   = "task.deleted"
	TaskCompleted = "task.completed"
	TaskBlocked   = "task.blocked"
	TaskUnblocked = "task.unblocked"
	TaskCommented = "task.commented"
	ReminderSent  = "reminder.sent"
)

// SchemaVersion is the version of the data. Within a version, fields may be added
// but never renamed or removed; consumers ignore fields they do not know.
const SchemaVersion = "1.0"

// Types lists every event type.
func Types() []string {
	return []string{TaskCreated, TaskUpdated, TaskDeleted, TaskCompleted, TaskBlocked, TaskUnblocked, TaskCommented, ReminderSent}
}

// TopicsOf lists the topics that events of a type go to.
func TopicsOf(eventType string) []string {
	switch eventType {
	case TaskCompleted:
		return []string{TopicTaskEvents, TopicTaskRecurrence}
	case ReminderSent:
		return []string{TopicTaskReminders}
	default:
		return []string{TopicTaskEvents}
	}
}

// Base holds the fields common to the data of every event.
type Base struct {
	EventID       uuid.UUID `json:"event_id"`
	EventType     string    `json:"event_type"`
	Timestamp     time.Time `json:"timestamp"` // UTC
	UserID        int64     `json:"user_id"`
	SchemaVersion string    `json:"schema_version"`
	TaskID        int64     `json:"task_id"`
	TaskVersion   int       `json:"task_version"`
}

// Created is the data of task.created.
type Created struct {
	Base
	CreatedFields
}

// CreatedFields are the fields that task.created adds to the base.
type CreatedFields struct {
	Title           string     `json:"title"`
	Description     string     `json:"description,omitempty"`
	Priority        string     `json:"priority"`
	EstimateMinutes int        `json:"estimate_minutes,omitempty"`
	DueDate         *time.Time `json:"due_date,omitempty"`
	DueDay          string     `json:"due_day,omitempty"` // of a task of a day
	AllDay          bool       `json:"all_day,omitempty"`
	TimeZone        string     `json:"time_zone,omitempty"`
	ParentID        int64      `json:"parent_id,omitempty"`
	BlockedBy       []int64    `json:"blocked_by,omitempty"`
	StartDate       *time.Time `json:"start_date,omitempty"`
	WaitingFor      string     `json:"waiting_for,omitempty"`
	RecurrenceRule  string     `json:"recurrence_rule,omitempty"`
	CategoryID      int64      `json:"category_id,omitempty"`
	TagIDs          []int64    `json:"tag_ids"`
	PreviousTaskID  *int64     `json:"previous_task_id,omitempty"`
}

// createdFields maps the name of each of CreatedFields to whether it may be left
// out.
var createdFields = func() map[string]bool {
	fields := map[string]bool{}
	for f := range reflect.TypeFor[CreatedFields]().Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields[name] = options == "omitempty"
	}
	return fields
}()

// OfCreated picks, from all fields of a task by their public names, the ones that
// task.created carries.
func OfCreated(all map[string]any) map[string]any {
	told := make(map[string]any, len(createdFields))
	for name, optional := range createdFields {
		if value := all[name]; !optional || (value != nil && value != "" && value != false) {
			told[name] = value
		}
	}
	return told
}

// Updated is the data of task.updated. Reopening, restoring, skipping and tagging
// are updates too.
type Updated struct {
	Base
	UpdatedFields map[string]any `json:"updated_fields"`
}

// Deleted is the data of task.deleted.
type Deleted struct{ Base }

// Completed is the data of task.completed.
type Completed struct {
	Base
	CompletedFields
}

// CompletedFields are the fields that task.completed adds to the base.
type CompletedFields struct {
	RecurrenceRule string    `json:"recurrence_rule,omitempty"`
	CompletedAt    time.Time `json:"completed_at"`
}

// Blocked is the data of task.blocked: something must be done before the open task.
type Blocked struct {
	Base
	BlockedFields
}

// BlockedFields are the fields that task.blocked adds to the base.
type BlockedFields struct {
	Title     string  `json:"title"`
	BlockedBy []int64 `json:"blocked_by"` // of the blockers, those that are open
}

// Unblocked is the data of task.unblocked: nothing must be done before the open task
// any more.
type Unblocked struct {
	Base
	UnblockedFields
}

// UnblockedFields are the fields that task.unblocked adds to the base.
type UnblockedFields struct {
	Title string `json:"title"`
}

// Commented is the data of task.commented: a comment was added to the task.
type Commented struct {
	Base
	CommentedFields
}

// CommentedFields are the fields that task.commented adds to the base.
type CommentedFields struct {
	Title      string `json:"title"` // of the task
	CommentID  int64  `json:"comment_id"`
	Author     string `json:"author"`      // the name of the token or connection
	AuthorKind string `json:"author_kind"` // person, agent or system
	Text       string `json:"text,omitempty"`
	URL        string `json:"url,omitempty"`
	LinkTitle  string `json:"link_title,omitempty"`
	LinkKind   string `json:"link_kind,omitempty"` // document, commit, pull_request or result
}

// Reminder is the data of reminder.sent.
type Reminder struct {
	Base
	ReminderFields
}

// ReminderFields are the fields that reminder.sent adds to the base.
type ReminderFields struct {
	ReminderTime time.Time  `json:"reminder_time"`
	Title        string     `json:"title"`
	DueDate      *time.Time `json:"due_date,omitempty"`
	DueDay       string     `json:"due_day,omitempty"` // of a task of a day
	AllDay       bool       `json:"all_day,omitempty"`
	TimeZone     string     `json:"time_zone,omitempty"`
	Priority     string     `json:"priority"`
	AtOnce       bool       `json:"at_once,omitempty"` // its time had already passed when it was set
}

// Envelope is a CloudEvents 1.0 document, as published and as consumed.
type Envelope struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"` // the event_id; consumers deduplicate by it
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Subject         string          `json:"subject"` // the task id
	Time            time.Time       `json:"time"`
	DataContentType string          `json:"datacontenttype"`
	DataSchema      string          `json:"dataschema"`
	PartitionKey    string          `json:"partitionkey"`
	TraceParent     string          `json:"traceparent,omitempty"`
	TraceID         string          `json:"traceid,omitempty"` // Dapr's older name; Dapr overwrites traceparent when it is missing
	Data            json.RawMessage `json:"data"`
}

// DeadLetter is an event that its consumer cannot handle.
type DeadLetter struct {
	Topic    string // the topic it was consumed from
	Envelope Envelope
	Readable bool // whether Envelope could be decoded
	Reason   string
	Document string // as received
}

// ContentType is the content type of a published envelope.
const ContentType = "application/cloudevents+json"

// Source returns the CloudEvents source of an app.
func Source(app string) string { return "tickler/" + app }

// Key is the partition key of a task's events, which keeps them in order.
func Key(taskID int64) string { return strconv.FormatInt(taskID, 10) }

// Decode reads the data of an envelope. It first checks that the envelope has the
// wanted type and a schema version this code knows.
func Decode[T any](e Envelope, eventType string) (T, error) {
	var data T
	if e.Type != eventType {
		return data, fmt.Errorf("event type is %q, want %q", e.Type, eventType)
	}
	if err := checkData(e); err != nil {
		return data, err
	}
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return data, fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
	}
	return data, nil
}
