package history

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/journal"
	"tickler/internal/label"
	"tickler/internal/person"
	"tickler/internal/task"
)

// MaxUndone is how many changes one call may take back. The changes of tasks that
// follow from deleting a label or from changing settings do not count.
const MaxUndone = 10_000

// UndoInput says what to take back: exactly one of a change, a call, and what a
// connection did since a moment.
type UndoInput struct {
	ChangeID   int64  `json:"change_id,omitempty" doc:"One change." minimum:"1"`
	CallID     string `json:"call_id,omitempty" doc:"All changes of one call." maxLength:"200" example:"01890a5d-ac96-774b-bcce-b302099a8057"`
	Connection string `json:"connection,omitempty" doc:"With since: all that this token or connection did; name or id." maxLength:"200" example:"laptop"`
	Since      string `json:"since,omitempty" doc:"Date or date-time." example:"2026-03-01T09:00"`
	DryRun     bool   `json:"dry_run,omitempty" doc:"Only tell what would be done."`
	Partial    bool   `json:"partial,omitempty" doc:"Undo what can be, leave the rest."`
}

// Selection is what to take back; one of ChangeID, CallID and Connection is set.
type Selection struct {
	ChangeID   int64
	CallID     uuid.UUID
	Connection string // name or id of a token
	Since      time.Time
}

// Undoing is the result of taking changes back.
type Undoing struct {
	CallID  uuid.UUID       // of the changes that took back: undoing them restores all
	Count   int             // changes taken back, with those that followed from them
	Undone  []journal.Entry // the first of them; entries in a result are without content
	Already int             // changes that were taken back before
	Blocked []Obstacle      // the first that were not taken back, since something stands in the way
	Lasting []Lasting       // the first that cannot be taken back
	// InTheWay is how many were not taken back since something stands in the way.
	InTheWay int
	Names    Names
	DryRun   bool
}

// Obstacle is a change that was not taken back, with what stands in the way.
type Obstacle struct {
	journal.Entry
	Reason string         // without content
	By     *journal.Entry // the later change of the object, nil if it is something else
}

// Lasting is a change, or a consequence of one, that cannot be taken back.
type Lasting struct {
	journal.Entry
	Reason string
}

// Tx is a transaction on all of one user's data.
type Tx interface {
	task.Tx
	label.Tx
	person.Tx

	// Settings reads the user's settings.
	Settings(ctx context.Context) (person.Settings, error)
	// Selected finds the changes of a selection, newest first, up to limit. Those of
	// tasks that follow from a change of another object are left out, unless that is
	// what was selected.
	Selected(ctx context.Context, s Selection, limit int) ([]Ref, error)
	// TasksByID reads tasks, deleted or not. What is gone for good is missing.
	TasksByID(ctx context.Context, ids []int64) (map[int64]*task.Task, error)
	// Entries reads entries, newest first.
	Entries(ctx context.Context, ids []int64) ([]journal.Entry, error)
	// Weigh says how many more changes are to be taken back. An undo of many is refused
	// when such changes of this user have taken too long of late.
	Weigh(ctx context.Context, changes int) error
	// Trails reads what happened to objects of a kind from an entry on, up to limit: one
	// object after the other, each oldest first. Of notices, it reads the newest
	// reminders.
	Trails(ctx context.Context, object journal.Object, ids []int64, from int64, limit int) ([]Step, error)
	// CompletedBefore tells whether the task of an entry recurred when it was completed
	// last before that. known is false if the journal does not go back as far.
	CompletedBefore(ctx context.Context, e journal.Entry) (recurred, known bool, err error)
	// ActionBefore returns what was done last to the object of an entry before that, ""
	// if nothing.
	ActionBefore(ctx context.Context, e journal.Entry) (journal.Action, error)
	// Consequences reads the entries of tasks that followed from a change of another
	// object in the same call.
	Consequences(ctx context.Context, of journal.Entry) (Consequences, error)
	// Former returns a task with the fields that an entry changed as they were before.
	// missing names a label that it had and that is gone: "category 7".
	Former(ctx context.Context, t *task.Task, e journal.Entry) (former *task.Task, missing string, err error)
	// Gone returns a task that was removed for good as it was, from the entry of its
	// removal; nil if that entry does not hold it.
	Gone(ctx context.Context, e journal.Entry) (*task.Task, error)
	// InsertAgain stores a task that was removed for good. It inserts nothing if its
	// previous task has another successor.
	InsertAgain(ctx context.Context, t *task.Task) (inserted bool, err error)
	// AddLabelAgain stores a category or tag that was deleted, under the id that it
	// had. It adds nothing if the name is taken.
	AddLabelAgain(ctx context.Context, deleted journal.Entry, l label.Tag) (added bool, err error)
	// GiveAgain gives a label back to tasks that lost it when it was deleted: to those
	// with the versions that the deletion left, and to deleted tasks.
	GiveAgain(ctx context.Context, of journal.Entry, followed Consequences, now time.Time) (given []int64, err error)
	// TasksWith lists the tasks, not deleted, that have a label, with their versions.
	TasksWith(ctx context.Context, object journal.Object, id int64) (map[int64]int, error)
	// DeletedComment is a comment as the entry of its deletion has it.
	DeletedComment(ctx context.Context, e journal.Entry) (task.Comment, error)
	// RestoreComment stores a comment that was deleted. It stores nothing if its task is
	// gone.
	RestoreComment(ctx context.Context, c task.Comment, now time.Time) (restored bool, err error)
	// TakeBack makes the transaction's next entries of the objects of these entries
	// point to them. consequences are pointed to by entries of their tasks.
	TakeBack(e journal.Entry, consequences Consequences)
}

// Ref names an entry and its object.
type Ref struct {
	ID       int64
	Object   journal.Object
	ObjectID int64
	TokenID  int64
}

// Consequences are entries of tasks that followed from a change of another object: by
// task, the entry's id and the version that it left.
type Consequences map[int64]Consequence

// Consequence is one of them.
type Consequence struct {
	Entry   int64
	Version int
}

var errDryRun = errors.New("this was a dry run")

// Undo takes changes back by further changes with events of their own, all in one
// transaction. It is refused, unless Partial is set, where an object has changed since.
// What was taken back already is passed over, so repeating a call does no harm. An undo
// is undone in the same way, by its call or one of its changes.
func (s *Service) Undo(ctx context.Context, user person.Settings, in UndoInput) (Undoing, error) {
	selection, err := s.selection(user, in)
	if err != nil {
		return Undoing{}, err
	}
	call := journal.From(ctx, "api")
	ctx = journal.With(ctx, call) // all of its changes belong together, whoever calls
	var out Undoing
	err = s.store.Undo(ctx, user.UserID, func(tx Tx) error {
		u := &undo{tx: tx, now: s.clock(), until: time.Now().Add(longest), result: Undoing{CallID: call.ID, DryRun: in.DryRun}}
		defer func() { out = u.result }()
		if err := u.all(ctx, selection); err != nil {
			return err
		}
		if in.DryRun {
			return errDryRun
		}
		return u.refusal(selection, in.Partial)
	})
	if err != nil && !errors.Is(err, errDryRun) {
		return Undoing{}, err
	}
	out.Names, err = s.store.ObjectNames(ctx, user.UserID, out.mentioned())
	return out, err
}

// selection reads what to take back.
func (s *Service) selection(user person.Settings, in UndoInput) (Selection, error) {
	var out Selection
	for field, text := range map[string]string{"call_id": in.CallID, "connection": in.Connection} {
		if err := input.CheckText(field, text, maxActor); err != nil {
			return out, err
		}
	}
	given := 0
	for _, one := range []bool{in.ChangeID != 0, in.CallID != "", strings.TrimSpace(in.Connection) != ""} {
		if one {
			given++
		}
	}
	if given != 1 {
		return out, fault.Invalid("change_id", "or call_id or connection is required, exactly one of them; for example {\"change_id\": 7}; get_history has the ids")
	}
	if in.Connection == "" && in.Since != "" {
		return out, fault.Invalid("since", "is allowed with connection only")
	}
	if in.Connection != "" && in.Since == "" {
		return out, fault.Invalid("since", "is required with connection; for example \"2026-03-01T09:00\"")
	}
	out.ChangeID, out.Connection = in.ChangeID, strings.TrimSpace(in.Connection)
	var err error
	if in.CallID != "" {
		if out.CallID, err = uuid.Parse(in.CallID); err != nil {
			return out, fault.Invalid("call_id", "%q is no id of a call; allowed is one that get_history returned", fault.Clip(in.CallID))
		}
	}
	out.Since, err = s.since(user, in.Since)
	return out, err
}

// field names the input that made the selection.
func (s Selection) field() string {
	switch {
	case s.ChangeID != 0:
		return "change_id"
	case s.Connection != "":
		return "connection"
	}
	return "call_id"
}

// nothing is the error when a selection is empty. It is the same for what does not
// exist and for what is another's.
func nothing(of Selection) error {
	e := &fault.Error{Code: fault.NotFound, Field: of.field(), Hint: "get_history lists the changes of the last 90 days"}
	switch {
	case of.ChangeID != 0:
		e.Message = fmt.Sprintf("there is no change %d of yours", of.ChangeID)
	case of.Connection != "":
		e.Message = "there is no change of yours by that connection since then"
	default:
		e.Message = "there are no changes of yours by that call"
	}
	return e
}

// refusal is the error if something stands in the way, or if nothing can be taken
// back at all.
func (u *undo) refusal(s Selection, partial bool) error {
	r := u.result
	if r.InTheWay > 0 && (!partial || r.Count == 0) {
		first := r.Blocked[0]
		e := &fault.Error{
			Code: fault.Conflict, Field: s.field(), Message: fmt.Sprintf("nothing was undone: %d of %d changes cannot be taken back now", r.InTheWay, r.InTheWay+r.Count),
			Hint: "dry_run tells all that stands in the way; partial undoes the rest",
		}
		if r.Count == 0 {
			e.Hint = "dry_run tells all that stands in the way"
		}
		return e.Quoting("; "+first.describe(), "")
	}
	if r.Count == 0 && r.Already == 0 && len(r.Lasting) > 0 {
		e := &fault.Error{Code: fault.Conflict, Field: s.field(), Message: "nothing was undone: this cannot be taken back"}
		return e.Quoting("; "+r.Lasting[0].Reason, "")
	}
	return nil
}

// describe tells what stands in the way, without content.
func (o Obstacle) describe() string {
	text := fmt.Sprintf("%s %s: %s", spoken(o.Object), strconv.FormatInt(o.ObjectID, 10), o.Reason)
	if o.By != nil {
		text += fmt.Sprintf(" (change %d)", o.By.ID)
	}
	return text
}

func spoken(o journal.Object) string { return strings.ReplaceAll(string(o), "_", " ") }

// mentioned collects the objects in a result.
func (r Undoing) mentioned() Mentioned {
	all := append([]journal.Entry{}, r.Undone...)
	for _, o := range r.Blocked {
		all = append(all, o.Entry)
	}
	for _, l := range r.Lasting {
		all = append(all, l.Entry)
	}
	return mentioned(all)
}
