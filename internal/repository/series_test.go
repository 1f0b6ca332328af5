package repository_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/task"
)

func TestCompletedOccurrenceGetsOneSuccessorHoweverOftenItIsFollowed(t *testing.T) {
	b := setup(t)
	first := b.add(t, b.ann, task.Fields{Title: input.Some("Water"), Description: input.Some("all"), Priority: input.Some(task.High), DueDate: input.Some("2026-03-02T09:00"), RecurrenceRule: input.Some("daily"), Tags: input.Some([]string{"home", "green"}), ReminderOffsets: input.Some([]int{30})})
	_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: first.ID})
	require.NoError(t, err)

	results := make(chan *task.Task, 8)
	var deliveries sync.WaitGroup
	for range cap(results) {
		deliveries.Go(func() {
			next, err := b.service.CreateSuccessor(b.ctx, b.ann.UserID, first.ID)
			require.NoError(t, err)
			results <- next
		})
	}
	deliveries.Wait()
	close(results)
	var successors []*task.Task
	for next := range results {
		if next != nil {
			successors = append(successors, next)
		}
	}
	require.Len(t, successors, 1)
	next, err := b.service.Get(b.ctx, b.ann, successors[0].ID)
	require.NoError(t, err)
	require.Equal(t, first.ID, *next.PreviousTaskID)
	require.Equal(t, "2026-03-03T09:00:00Z", task.FormatTime(next.DueDate, b.ann.Zone()))
	require.Equal(t, "2026-03-03T08:30:00Z", task.FormatTime(next.RemindAt, b.ann.Zone()))
	require.Equal(t, first.Tags, next.Tags)
	require.Equal(t, task.High, next.Priority)
	require.Equal(t, "all", next.Description)
	require.Equal(t, 2, next.Recurrence.Occurrence)
}

func TestNothingFollowsWhatIsOpenAgain(t *testing.T) {
	b := setup(t)
	first := b.add(t, b.ann, task.Fields{Title: input.Some("Water"), DueDate: input.Some("2026-03-02T09:00"), RecurrenceRule: input.Some("daily")})
	_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: first.ID})
	require.NoError(t, err)
	_, err = b.service.Reopen(b.ctx, b.ann, first.ID)
	require.NoError(t, err)
	next, err := b.service.CreateSuccessor(b.ctx, b.ann.UserID, first.ID)
	require.NoError(t, err)
	require.Nil(t, next, "the event of a completion that was undone comes late")
	next, err = b.service.CreateSuccessor(b.ctx, b.bob.UserID, first.ID)
	require.NoError(t, err)
	require.Nil(t, next, "nor what is another's")
}

func TestReopeningTakesBackAnUntouchedSuccessorAndKeepsATouchedOne(t *testing.T) {
	b := setup(t)
	first := b.add(t, b.ann, task.Fields{Title: input.Some("Water"), DueDate: input.Some("2026-03-02T09:00"), RecurrenceRule: input.Some("daily")})
	complete := func() *task.Task {
		_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: first.ID})
		require.NoError(t, err)
		next, err := b.service.CreateSuccessor(b.ctx, b.ann.UserID, first.ID)
		require.NoError(t, err)
		return next
	}
	next := complete()
	undone, err := b.service.Reopen(b.ctx, b.ann, first.ID)
	require.NoError(t, err)
	require.Equal(t, next.ID, undone.TookBack.ID)
	_, err = b.service.Get(b.ctx, b.ann, next.ID)
	requireCode(t, err, fault.NotFound, "task_id")

	next = complete()
	part := b.part(t, "of mine", next)
	undone, err = b.service.Reopen(b.ctx, b.ann, first.ID)
	require.NoError(t, err)
	require.Equal(t, next.ID, undone.KeptSuccessor.ID, "a part was given to it")
	require.Equal(t, next.ID, *b.get(t, part.ID).ParentID)
	_, err = b.service.Delete(b.ctx, b.ann, part.ID)
	require.NoError(t, err)
	_, err = b.service.Delete(b.ctx, b.ann, next.ID)
	require.NoError(t, err)
	_, err = b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: first.ID})
	require.NoError(t, err)
	_, err = b.service.Reopen(b.ctx, b.ann, first.ID)
	require.NoError(t, err)

	next = complete()
	_, err = b.service.Update(b.ctx, b.ann, task.UpdateInput{TaskID: next.ID, Fields: task.Fields{Description: input.Some("mine")}})
	require.NoError(t, err)
	undone, err = b.service.Reopen(b.ctx, b.ann, first.ID)
	require.NoError(t, err)
	require.Equal(t, next.ID, undone.KeptSuccessor.ID)
	require.Nil(t, complete(), "and completing again makes no second one")
}

func TestCompletingAgainSaysWhatReallyFollows(t *testing.T) {
	b := setup(t)
	first := b.add(t, b.ann, task.Fields{Title: input.Some("Water"), DueDate: input.Some("2026-03-02T09:00"), RecurrenceRule: input.Some("daily")})
	_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: first.ID})
	require.NoError(t, err)
	next, err := b.service.CreateSuccessor(b.ctx, b.ann.UserID, first.ID)
	require.NoError(t, err)
	_, err = b.service.Update(b.ctx, b.ann, task.UpdateInput{TaskID: next.ID, Fields: task.Fields{DueDate: input.Some("2026-03-20T09:00")}})
	require.NoError(t, err)
	done, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: first.ID})
	require.NoError(t, err)
	require.Equal(t, "2026-03-20T09:00:00Z", task.FormatTime(done.Next.DueDate, b.ann.Zone()), "the date that it was moved to")

	_, err = b.service.Delete(b.ctx, b.ann, next.ID)
	require.NoError(t, err)
	done, err = b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: first.ID})
	require.NoError(t, err)
	require.True(t, done.SeriesEnded)
	require.Nil(t, done.Next)
}

func TestUndoingRevivesASeriesWhoseSuccessorWasDeleted(t *testing.T) {
	b := setup(t)
	first := b.add(t, b.ann, task.Fields{Title: input.Some("Water"), DueDate: input.Some("2026-03-02T09:00"), RecurrenceRule: input.Some("daily")})
	follow := func() *task.Task {
		_, err := b.service.Complete(b.ctx, b.ann, task.CompleteInput{TaskID: first.ID})
		require.NoError(t, err)
		next, err := b.service.CreateSuccessor(b.ctx, b.ann.UserID, first.ID)
		require.NoError(t, err)
		return next
	}
	_, err := b.service.Delete(b.ctx, b.ann, follow().ID)
	require.NoError(t, err)
	undone, err := b.service.Reopen(b.ctx, b.ann, first.ID)
	require.NoError(t, err)
	require.Nil(t, undone.KeptSuccessor)
	require.NotNil(t, follow())
}

func TestSkippingNeverMovesATaskToAnEarlierDate(t *testing.T) {
	b := setup(t)
	first := b.add(t, b.ann, task.Fields{Title: input.Some("Water"), DueDate: input.Some("2026-03-12T09:00"), RecurrenceRule: input.Some("daily"), RecurrenceBase: input.Some(task.FromCompletion)})
	skipped, err := b.service.SkipOccurrence(b.ctx, b.ann, first.ID)
	require.NoError(t, err)
	require.Equal(t, "2026-03-13T09:00:00Z", skipped.Task.FormatDue(b.ann))
}
