package task

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
)

func TestCommentIsTextOrALinkOrBoth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in    CommentInput
		wrong string // "" if it is accepted
	}{
		{CommentInput{Text: "  The offer is here.  "}, ""},
		{CommentInput{URL: "https://example.com/offer.pdf"}, ""},
		{CommentInput{Text: "See", URL: "http://example.com", Title: "Offer", Kind: PullRequest}, ""},
		{CommentInput{Text: strings.Repeat("ä", MaxComment)}, ""},
		{CommentInput{Text: strings.Repeat("ä", MaxComment+1)}, "at most 10000"},
		{CommentInput{URL: "https://example.com/" + strings.Repeat("a", MaxURL)}, "at most 2000"},
		{CommentInput{URL: "https://example.com", Title: strings.Repeat("a", MaxLinkTitle+1)}, "title has 201 characters; at most 200"},
		{CommentInput{}, "says nothing"},
		{CommentInput{Text: " \n"}, "says nothing"},
		{CommentInput{Text: "nul\x00"}, "NUL"},
		{CommentInput{Text: "x", Title: "Offer"}, "without a url"},
		{CommentInput{Text: "x", Kind: Result}, "without a url"},
		{CommentInput{URL: "https://example.com", Kind: "poem"}, "use one of"},
		{CommentInput{URL: "javascript:alert(1)"}, "no address of the web"},
		{CommentInput{URL: "ftp://example.com"}, "no address of the web"},
		{CommentInput{URL: "example.com"}, "no address of the web"},
		{CommentInput{URL: "https://"}, "no address of the web"},
	} {
		var got Comment
		err := got.Set(c.in)
		if c.wrong != "" {
			var e *fault.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, "comment", e.Field)
			require.ErrorContains(t, err, c.wrong)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, strings.TrimSpace(c.in.Text), got.Text)
		if c.in.URL != "" && c.in.Kind == "" {
			require.Equal(t, Document, got.Link.Kind)
		}
	}
}
