package transfer_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/input"
	"tickler/internal/journal"
	"tickler/internal/person"
	"tickler/internal/task"
)

// said reads all comments on a task, newest first.
func (b *bundle) said(t *testing.T, user person.Settings, taskID int64) (all []task.Comment) {
	t.Helper()
	for before := int64(1 << 60); ; {
		page, _, err := b.tasks.Comments(b.ctx, user, taskID, before)
		require.NoError(t, err)
		if all = append(all, page...); len(page) < task.MaxCommentPage {
			return all
		}
		before = page[len(page)-1].ID
	}
}

func by(ctx context.Context, kind journal.Kind, name string, token int64) context.Context {
	return journal.With(ctx, journal.NewCall(journal.Actor{Kind: kind, Name: name, TokenID: token}))
}

// spoken is what a person can see of the comments of all tasks, by title.
func (b *bundle) spoken(t *testing.T, user person.Settings) map[string][]task.Comment {
	t.Helper()
	all := map[string][]task.Comment{}
	for title, one := range b.all(t, user) {
		for _, c := range b.said(t, user, one.ID) {
			c.ID, c.TaskID, c.TokenID, c.May = 0, 0, 0, false
			all[title] = append(all[title], c)
		}
	}
	return all
}

func TestCommentsAreTheSameAfterExportAndImport(t *testing.T) {
	b := setup(t)
	random := rand.New(rand.NewPCG(20261130, 2))
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	for n := range 12 {
		added, err := b.tasks.Add(b.ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some(fmt.Sprint("task ", n))}})
		require.NoError(t, err)
		for range random.IntN(30) {
			ctx := by(b.ctx, journal.Kind(pick("person", "agent")), pick("ann", "laptop", "日本 <b>"), 0)
			in := task.CommentInput{Text: pick("plain", "two\nlines; \\", "💥", strings.Repeat("é", task.MaxComment))}
			if random.IntN(2) == 0 {
				in.URL, in.Title, in.Kind = "https://example.com/?a=%20&b", pick("", "Offer"), task.LinkKind(pick("document", "commit", "pull_request", "result"))
				in.Text = pick("", in.Text)
			}
			_, err := b.tasks.Update(ctx, b.ann, task.UpdateInput{TaskID: added.Task.ID, Comment: input.Some(in)})
			require.NoError(t, err)
		}
	}
	gone, err := b.tasks.Add(b.ctx, b.ann, task.AddInput{Fields: task.Fields{Title: input.Some("gone")}})
	require.NoError(t, err)
	_, err = b.tasks.Update(b.ctx, b.ann, task.UpdateInput{TaskID: gone.Task.ID, Comment: input.Some(task.CommentInput{Text: "gone too"})})
	require.NoError(t, err)
	_, err = b.tasks.Delete(b.ctx, b.ann, gone.Task.ID)
	require.NoError(t, err)

	doc, export := b.export(t, b.ann)
	require.NotContains(t, export, "gone too")
	wanted := b.spoken(t, b.ann)
	b.ctx = by(b.ctx, journal.Person, "bob", 0)
	tried := b.bring(t, b.bob, "application/json", export, true)
	require.Zero(t, tried.Skipped)
	for range 2 {
		b.bring(t, b.bob, "application/json", export, false)
		require.Equal(t, wanted, b.spoken(t, b.bob), "also when it is imported again")
	}
	again, _ := b.export(t, b.bob)
	for i := range doc.Comments {
		doc.Comments[i].TaskID, again.Comments[i].TaskID = 0, 0
	}
	require.Equal(t, doc.Comments, again.Comments)

	eve := b.newcomer(t, "eve")
	b.ctx = by(b.ctx, journal.Agent, "phone", 7)
	b.bring(t, eve, "application/json", export, false)
	found := b.spoken(t, eve)
	for title, comments := range wanted {
		for i := range comments {
			comments[i].AuthorKind = "system" // an agent cannot put words into a person's mouth
		}
		require.Equal(t, comments, found[title])
	}
	events := 0
	for _, one := range b.events() {
		if strings.Contains(one, "task.commented") {
			events++
		}
	}
	require.Equal(t, 3*len(doc.Comments)+1, events, "each is told of once")
}

func TestWhoImportedACommentAndThePersonMayChangeIt(t *testing.T) {
	b := setup(t)
	phone, laptop, person := by(b.ctx, journal.Agent, "phone", 7), by(b.ctx, journal.Agent, "laptop", 8), by(b.ctx, journal.Person, "ann", 0)
	b.ctx = phone
	report := b.bring(t, b.ann, "application/json", `{"format":"tickler","version":1,"settings":{"time_zone":"UTC"},"comments":[{"task_id":1,"by":"laptop","actor":"agent","text":"x","created_at":"","updated_at":""}],
		"tasks":[{"id":1,"title":"x","priority":"low","time_zone":"UTC","created_at":"2026-03-01T00:00:00Z","updated_at":"2026-03-01T00:00:00Z"}]}`, false)
	id := report.Rows[0].TaskID
	for _, c := range []struct {
		by  context.Context
		may bool
	}{{laptop, false}, {phone, true}, {person, true}} {
		_, err := b.tasks.Update(c.by, b.ann, task.UpdateInput{TaskID: id, Comment: input.Some(task.CommentInput{ID: b.said(t, b.ann, id)[0].ID, Text: fmt.Sprint("by ", c.by)})})
		require.Equal(t, c.may, err == nil, "%v", err)
	}
}

func TestCommentsOfADocumentThatCannotBeAreLeftOutWithAReason(t *testing.T) {
	b := setup(t)
	text, err := json.Marshal(map[string]any{
		"format": "tickler", "version": 1, "settings": map[string]any{"time_zone": "UTC"},
		"comments": []map[string]any{
			{"task_id": 1, "by": "nul\x00", "actor": "root", "text": "nul\x00 and <b>", "created_at": "3000-01-01T00:00:00Z"},
			{"task_id": 1, "text": strings.Repeat("x", task.MaxComment+1), "created_at": "yesterday"},
			{"task_id": 1, "text": "see", "url": "javascript:alert(1)", "title": "link"},
			{"task_id": 1, "text": "  "}, {"task_id": 1}, {"task_id": 2, "text": "lost"},
		},
		"tasks": []map[string]any{{"id": 1, "title": "x", "priority": "low", "time_zone": "UTC"}},
	})
	require.NoError(t, err)
	report := b.bring(t, b.ann, "application/json", string(text), false)
	require.Contains(t, report.Notes, "1 comments were left out: their tasks are not in it")
	for _, note := range []string{"characters that are none", "too long, and was cut", "link of a comment could not be taken over", "says nothing was left out"} {
		require.Contains(t, strings.Join(report.Rows[0].Notes, "\n"), note)
	}
	said := b.said(t, b.ann, report.Rows[0].TaskID)
	require.Len(t, said, 3)
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	require.Equal(t, []any{"nul and <b>", "nul", "system", now}, []any{said[2].Text, said[2].Author, said[2].AuthorKind, said[2].CreatedAt})
	require.Len(t, said[1].Text, task.MaxComment+2, "with a mark of three bytes")
	require.Equal(t, "see\n\nlink javascript:alert(1)", said[0].Text)
	require.Empty(t, said[0].Link)
}

func TestCommentsOfOtherProgramsKeepTheirAuthorAndTime(t *testing.T) {
	b := setup(t)
	b.ctx = by(b.ctx, journal.Person, "ann", 0)
	latest := func(kind, file string) task.Comment {
		report := b.bring(t, b.ann, kind, file, false)
		require.Positive(t, report.Created, "%+v", report)
		require.NotContains(t, fmt.Sprint(report.Rows), "stand in the description")
		said := b.said(t, b.ann, report.Rows[0].TaskID)
		require.NotEmpty(t, said, file)
		require.Equal(t, "system", said[0].AuthorKind, "not even the person's import makes it theirs")
		return said[0]
	}
	todoist := latest("text/csv", "TYPE,CONTENT,AUTHOR,DATE\ntask,Bathroom,,\n"+
		`note,"The offer [[file {""file_type"":""application/pdf"",""file_name"":""offer.pdf"",""file_url"":""https://files.example/offer.pdf""}]]",Bob (123),2026-01-05T10:00:00.000000Z`+"\n")
	require.Equal(t, []any{"The offer", "Bob", "2026-01-05T10:00:00Z", task.Link{URL: "https://files.example/offer.pdf", Title: "offer.pdf", Kind: task.Document}},
		[]any{todoist.Text, todoist.Author, todoist.CreatedAt.Format(time.RFC3339), todoist.Link})
	tasksOrg := latest("application/json", `{"version":1,"timestamp":1,"data":{"tasks":[{"task":{"title":"Kitchen","remoteId":"1"},"comments":[{"message":"hm","created":1767607200000}]}]}}`)
	require.Equal(t, []any{"hm", "Tasks.org", "2026-01-05T10:00:00Z"}, []any{tasksOrg.Text, tasksOrg.Author, tasksOrg.CreatedAt.Format(time.RFC3339)})
	vikunja := latest("application/json", `[{"title":"Home","hex_color":"","tasks":[{"id":1,"title":"Garden","comments":[{"id":1,"comment":"<p>water <b>it</b></p>","author":{"name":"","username":"carol"},"created":"2026-01-05T10:00:00Z"}]}]}]`)
	require.Equal(t, []any{"water it", "carol", "2026-01-05T10:00:00Z"}, []any{vikunja.Text, vikunja.Author, vikunja.CreatedAt.Format(time.RFC3339)})
}
