package main

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
)

// envelope is what this program needs of a CloudEvent. Fields that it does not
// name are ignored: within a schema version Tickler only adds some.
type envelope struct {
	ID   string `json:"id"` // the same whenever the event is delivered again
	Type string `json:"type"`
	Data data   `json:"data"`
}

// data is what it needs of an event's data. The first five are in every event.
type data struct {
	SchemaVersion string         `json:"schema_version"`
	Timestamp     string         `json:"timestamp"`
	UserID        int64          `json:"user_id"`
	TaskID        int64          `json:"task_id"`
	TaskVersion   int            `json:"task_version"`
	Title         string         `json:"title"`          // of task.created
	UpdatedFields map[string]any `json:"updated_fields"` // of task.updated
}

const maxEvent = 6 << 20 // bytes; daprd sends 4 MiB at most unless told otherwise

// What daprd does after an answer: https://docs.dapr.io/reference/api/pubsub_api/#expected-http-response
const (
	success = "SUCCESS" // the event is done with
	retry   = "RETRY"   // it comes again, as dapr/resiliency.yaml says
	drop    = "DROP"    // it can never be handled: it would be the same next time
)

// newHandler serves the sidecar, which shows that it is by the token.
func newHandler(token string, book *book, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	// While this does not answer, the sidecar reads no events: they wait in the broker.
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /events/task-events", func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("dapr-api-token")), []byte(token)) != 1 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEvent))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"status":%q}`, handle(body, book, log))
	})
	return mux
}

// handle does what an event calls for, once, and returns what the sidecar is told.
func handle(body []byte, book *book, log *slog.Logger) string {
	event, err := read(body)
	if err != nil {
		log.Error("this event cannot be handled", "error", err, "id", event.ID)
		return drop
	}
	repeated, err := book.Add(line{ID: event.ID, At: event.Data.Timestamp, UserID: event.Data.UserID,
		TaskID: event.Data.TaskID, Version: event.Data.TaskVersion, What: describe(event)})
	switch {
	case err != nil:
		log.Error("the event could not be noted and is tried again", "error", err, "id", event.ID)
		return retry
	case repeated:
		log.Info("this event was handled before", "id", event.ID)
	}
	return success
}

func read(body []byte) (e envelope, err error) {
	if err := json.Unmarshal(body, &e); err != nil {
		return e, err
	}
	if e.ID == "" || e.Data.TaskID == 0 {
		return e, errors.New("it is no event of Tickler's")
	}
	if major, _, _ := strings.Cut(e.Data.SchemaVersion, "."); major != "1" {
		return e, fmt.Errorf("schema version %q is not one that this program knows", e.Data.SchemaVersion)
	}
	return e, nil
}

// describe tells what happened. A type that was added later is no reason to fail.
func describe(e envelope) string {
	switch e.Type {
	case "task.created":
		return "created: " + e.Data.Title
	case "task.updated":
		return fmt.Sprintf("updated: %d fields", len(e.Data.UpdatedFields))
	case "task.completed":
		return "completed"
	case "task.deleted":
		return "deleted"
	default:
		return e.Type
	}
}
