package transfer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"

	"tickler/internal/journal"
	"tickler/internal/person"
)

// An export holds this much of the history: with the tasks, it must not become too
// large to be imported.
const (
	maxChanges      = 10_000
	maxHistoryBytes = 4 << 20
)

// ExportedChange is a change of the person's data, and by whom it was made. Before and
// After hold the changed fields as events have them. Secrets, such as that of a
// channel, are not in it.
type ExportedChange struct {
	ID        int64          `json:"id"`
	CallID    string         `json:"call_id" doc:"The same for all changes of one call."`
	At        string         `json:"at"`
	By        string         `json:"by"`
	Actor     string         `json:"actor" enum:"person,agent,system"`
	Client    string         `json:"client,omitempty"`
	Transport string         `json:"transport"`
	Object    string         `json:"object" doc:"For example task."`
	ObjectID  int64          `json:"object_id"`
	Action    string         `json:"action" doc:"For example updated."`
	Before    map[string]any `json:"before,omitempty"`
	After     map[string]any `json:"after,omitempty"`
	Undoes    int64          `json:"undoes,omitempty" doc:"Id of the change that this one took back."`
}

func noChanges(context.Context, person.Settings) iter.Seq2[journal.Entry, error] {
	return func(func(journal.Entry, error) bool) {}
}

// writeHistory ends the list of comments and the document, with the history between.
func (e Exported) writeHistory(to io.Writer, put func(part any, before, after string) error) error {
	if _, err := io.WriteString(to, "\n],\n\"history\":["); err != nil {
		return err
	}
	separator, end, written, bytes := "\n", "\n]}\n", 0, 0
	for c, err := range e.changes {
		if err == nil && (written == maxChanges || bytes > maxHistoryBytes) {
			end = "\n],\"history_cut\":true}\n"
			break
		}
		var one ExportedChange
		if err == nil {
			one, err = exportChange(c)
		}
		if err == nil {
			err = put(one, separator, "")
		}
		if err != nil {
			return err
		}
		separator = ",\n"
		written++
		bytes += len(c.Before) + len(c.After) + 300 // for the rest of the change
	}
	_, err := io.WriteString(to, end)
	return err
}

func exportChange(e journal.Entry) (ExportedChange, error) {
	out := ExportedChange{
		ID: e.ID, CallID: e.CallID.String(), At: instant(e.At), By: e.By.Name, Actor: string(e.By.Kind), Client: e.By.Client, Transport: e.By.Transport,
		Object: string(e.Object), ObjectID: e.ObjectID, Action: string(e.Action), Undoes: e.Undoes,
	}
	for _, part := range []struct {
		text json.RawMessage
		into *map[string]any
	}{{e.Before, &out.Before}, {e.After, &out.After}} {
		if len(part.text) == 0 {
			continue
		}
		if err := json.Unmarshal(part.text, part.into); err != nil {
			return out, fmt.Errorf("change %d: %w", e.ID, err)
		}
	}
	return out, nil
}

// passHistory reads the history of a document and keeps nothing of it: what happened
// elsewhere did not happen here.
func (d *document) passHistory() error {
	passed := 0
	err := d.list(func() error {
		d.file.entry()
		passed++
		var change json.RawMessage
		return d.decoder.Decode(&change)
	})
	if passed > 0 {
		d.note("its history of %d changes was passed over: what happened elsewhere did not happen here", passed)
	}
	return err
}
