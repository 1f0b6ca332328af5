package event_test

import (
	"encoding/json"
	"fmt"

	"tickler/internal/event"
)

// A consumer reads the data of the type it expects. Fields added after it was
// written are ignored.
func ExampleDecode() {
	var delivered event.Envelope
	err := json.Unmarshal([]byte(`{
		"specversion": "1.0", "id": "0b8a4a39-4e3a-4c52-9a0e-3a4a3f3d8d5e", "type": "task.completed", "subject": "7",
		"data": {
			"event_id": "0b8a4a39-4e3a-4c52-9a0e-3a4a3f3d8d5e", "event_type": "task.completed",
			"timestamp": "2026-03-02T08:00:00Z", "user_id": 1, "schema_version": "1.0", "task_id": 7, "task_version": 2,
			"completed_at": "2026-03-02T08:00:00Z", "field_of_a_later_version": true
		}
	}`), &delivered)
	if err != nil {
		panic(err)
	}
	completed, err := event.Decode[event.Completed](delivered, event.TaskCompleted)
	fmt.Println(completed.TaskID, completed.TaskVersion, err)
	_, err = event.Decode[event.Created](delivered, event.TaskCreated)
	fmt.Println(err)
	// Output:
	// 7 2 <nil>
	// event type is "task.completed", want "task.created"
}
