package repository_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/input"
	"tickler/internal/task"
)

func (b *bundle) comment(t *testing.T, taskID int64, in task.CommentInput) {
	t.Helper()
	_, err := b.service.Update(b.ctx, b.ann, task.UpdateInput{TaskID: taskID, Comment: input.Some(in)})
	require.NoError(t, err)
}

func TestTaskIsFoundByWhatItsCommentsSay(t *testing.T) {
	b := setup(t)
	bathroom := b.add(t, b.ann, task.Fields{Title: input.Some("Renovate the bathroom"), Description: input.Some("new tiles")})
	b.add(t, b.ann, task.Fields{Title: input.Some("Something else")})
	b.comment(t, bathroom.ID, task.CommentInput{Text: "Die Fliesen kosten 900 Euro", URL: "https://shop.example/angebot-77.pdf", Title: "Kostenvoranschlag"})
	b.comment(t, bathroom.ID, task.CommentInput{Text: "The plumber is coming"})
	for _, query := range []string{"fliesen", "flies", "900", "kostenvoranschlag", "angebot", "plumbers", "renovate plumber", "tiles fliesen", `"is coming"`, "fliessen"} {
		require.Equal(t, []string{"Renovate the bathroom"}, b.search(t, query), query)
	}
	require.Empty(t, b.search(t, `"900 coming"`))
	require.Empty(t, b.search(t, `"plumber die"`), "a phrase does not match across comments")
	require.Equal(t, []string{"Something else"}, b.search(t, "-plumber"))

	said, total, err := b.service.Comments(b.ctx, b.ann, bathroom.ID, 0)
	require.NoError(t, err)
	require.Equal(t, 2, total)
	b.comment(t, bathroom.ID, task.CommentInput{ID: said[0].ID, Text: "The electrician is coming"})
	b.comment(t, bathroom.ID, task.CommentInput{ID: said[1].ID, Delete: true})
	require.Equal(t, []string{"Renovate the bathroom"}, b.search(t, "electrician"))
	require.Empty(t, b.search(t, "plumber"))
	require.Empty(t, b.search(t, "fliesen"))
	_, err = b.service.Update(b.ctx, b.ann, task.UpdateInput{TaskID: bathroom.ID, Fields: task.Fields{Title: input.Some("Kitchen")}})
	require.NoError(t, err)
	require.Equal(t, []string{"Kitchen"}, b.search(t, "electrician kitchen"))
}

func TestCommentsRankBelowTitleAndDescriptionAndAboveLabels(t *testing.T) {
	b := setup(t)
	b.add(t, b.ann, task.Fields{Title: input.Some("in the title: plumber")})
	b.add(t, b.ann, task.Fields{Title: input.Some("in the description"), Description: input.Some("plumber")})
	often := b.add(t, b.ann, task.Fields{Title: input.Some("in all comments")})
	for range 20 {
		b.comment(t, often.ID, task.CommentInput{Text: strings.Repeat("plumber ", 100)})
	}
	once := b.add(t, b.ann, task.Fields{Title: input.Some("in a comment")})
	b.comment(t, once.ID, task.CommentInput{Text: "asked the plumber"})
	b.add(t, b.ann, task.Fields{Title: input.Some("a tag"), Tags: input.Some([]string{"plumber"})})
	require.Equal(t, []string{"in the title: plumber", "in the description", "in all comments", "in a comment", "a tag"}, b.search(t, "plumber"))
}

func TestHighlightsSayThatItWasAComment(t *testing.T) {
	b := setup(t)
	bathroom := b.add(t, b.ann, task.Fields{Title: input.Some("Bathroom")})
	b.comment(t, bathroom.ID, task.CommentInput{Text: "**Bold**, but nothing of it"})
	for n := range 3 {
		b.comment(t, bathroom.ID, task.CommentInput{Text: fmt.Sprintf("invoice %d of the plumber", n)})
	}
	found, err := b.service.Search(b.ctx, b.ann, task.SearchInput{Query: "invoices", Highlight: true})
	require.NoError(t, err)
	require.Equal(t, []string{"comment: **invoice** 2 of the plumber", "comment: **invoice** 1 of the plumber"}, found.Hits[0].Highlights)
}

// All words of a task have to fit into one tsvector.
func TestSearchKnowsTheLatestCommentsHoweverMuchWasSaid(t *testing.T) {
	b := setup(t)
	distinct := func(from rune) string {
		var text strings.Builder
		for r := from; r < from+9_990; r++ {
			text.WriteRune(r)
		}
		return text.String()
	}
	much := b.add(t, b.ann, task.Fields{Title: input.Some("much"), Description: input.Some(distinct(0x4e00))})
	for n := range 4 {
		b.comment(t, much.ID, task.CommentInput{Text: distinct(0xac00)})
		b.comment(t, much.ID, task.CommentInput{Text: distinct(0x20000 + rune(n)*10_000)})
	}
	require.Equal(t, []string{"much"}, b.search(t, string([]rune{0x20000 + 30_001, 0x20000 + 30_002})))
	require.Empty(t, b.search(t, string([]rune{0x20000 + 1, 0x20000 + 2})), "too long ago")

	many := b.add(t, b.ann, task.Fields{Title: input.Some("many")})
	for n := range 101 {
		b.comment(t, many.ID, task.CommentInput{Text: fmt.Sprintf("note%d", n)})
	}
	require.Empty(t, b.search(t, `"note0"`))
	require.Equal(t, []string{"many"}, b.search(t, `"note1"`))
	latest, _, err := b.service.Comments(b.ctx, b.ann, many.ID, 0)
	require.NoError(t, err)
	b.comment(t, many.ID, task.CommentInput{ID: latest[0].ID, Delete: true})
	require.Equal(t, []string{"many"}, b.search(t, `"note0"`), "it moves up")
}
