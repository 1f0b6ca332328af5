package operation

import (
	"context"
	"fmt"

	"tickler/internal/history"
	"tickler/internal/journal"
	"tickler/internal/person"
	"tickler/internal/task"
)

// UndoAnswer is the answer of undo.
type UndoAnswer struct {
	Undone     int            `json:"undone" doc:"How many changes."`
	Changes    []UndoneView   `json:"changes,omitempty" open:"true" doc:"The first 50 of them."`
	InTheWay   []ObstacleView `json:"in_the_way,omitempty" open:"true" doc:"What was not undone, and why."`
	CannotUndo []UndoneView   `json:"cannot_undo,omitempty" open:"true" doc:"What cannot be taken back."`
	CallID     string         `json:"call_id,omitempty" doc:"Undo this to redo."`
	DryRun     bool           `json:"dry_run,omitempty"`
	Note       string         `json:"note,omitempty"`
}

// UndoneView is a change that was taken back, or cannot be, for the Reason.
type UndoneView struct {
	ChangeID int64          `json:"change_id"`
	Object   journal.Object `json:"object"`
	ObjectID int64          `json:"object_id"`
	Name     string         `json:"name,omitempty"`
	Action   journal.Action `json:"action" doc:"What the change had done."`
	Reason   string         `json:"reason,omitempty"`
}

// ObstacleView is a change that was not taken back. ChangedBy, ChangedAt and
// LaterChange are of the change that stands in the way, if it is one.
type ObstacleView struct {
	UndoneView
	LaterChange int64  `json:"later_change_id,omitempty"`
	ChangedBy   string `json:"changed_by,omitempty"`
	ChangedAt   string `json:"changed_at,omitempty"`

	ByPerson bool `json:"-"` // for the page, which calls its person "you"
}

func (o *Operations) undos() []Operation {
	return []Operation{
		define(Operation{
			Name: "undo", Title: "Undo changes",
			Summary:     "Takes changes back: one, those of one call, or all by one connection since a moment.",
			Example:     `{"call_id": "01890a5d-ac96-774b-bcce-b302099a8057"}`,
			Details:     "Refused where something changed since. An undo can be undone too. get_history has the ids.",
			Destructive: true, Idempotent: true,
		}, o.undo),
	}
}

func (o *Operations) undo(ctx context.Context, user person.Settings, in history.UndoInput) (UndoAnswer, error) {
	done, err := o.changes.Undo(ctx, user, in)
	if err != nil {
		return UndoAnswer{}, err
	}
	out := UndoAnswer{Undone: done.Count, DryRun: done.DryRun}
	if !done.DryRun && done.Count > 0 {
		out.CallID = done.CallID.String()
	}
	for _, e := range done.Undone {
		out.Changes = append(out.Changes, viewUndone(e, "", done.Names))
	}
	for _, b := range done.Blocked {
		view := ObstacleView{UndoneView: viewUndone(b.Entry, b.Reason, done.Names)}
		if b.By != nil {
			view.ByPerson = b.By.By.Kind == journal.Person
			view.LaterChange, view.ChangedBy, view.ChangedAt = b.By.ID, b.By.By.Name, task.FormatTime(&b.By.At, user.Zone())
		}
		out.InTheWay = append(out.InTheWay, view)
	}
	for _, l := range done.Lasting {
		out.CannotUndo = append(out.CannotUndo, viewUndone(l.Entry, l.Reason, done.Names))
	}
	out.Note = undoNote(done)
	return out, nil
}

func viewUndone(e journal.Entry, reason string, names history.Names) UndoneView {
	return UndoneView{ChangeID: e.ID, Object: e.Object, ObjectID: e.ObjectID, Name: names.Of(e.Object, e.ObjectID), Action: e.Action, Reason: reason}
}

func undoNote(done history.Undoing) string {
	var dry, already, more string
	switch {
	case done.DryRun && done.InTheWay > 0:
		dry = "nothing was changed; the call would be refused, unless with partial"
	case done.DryRun:
		dry = "nothing was changed"
	}
	switch {
	case done.Already > 0 && done.Count == 0:
		already = "undone already"
	case done.Already > 0:
		already = fmt.Sprintf("%d of them were undone already", done.Already)
	}
	if done.InTheWay > len(done.Blocked) {
		more = fmt.Sprintf("%d are in the way in all", done.InTheWay)
	}
	return joinNotes(dry, already, more)
}
