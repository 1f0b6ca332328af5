package transfer_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestListInMarkdownIsImported(t *testing.T) {
	b := setup(t)
	file := "\n# Home\n\n- [ ] Paint the fence 📅 2026-03-10\n  white, two coats\n\t- [x] Buy paint\n\t- [ ] Find brush\n- [-] Mow\n\n## Work ##\n1. Write report due:2026-03-11\n2) Send report\n* Same\n* Same again\n"
	found, notes := others(t, b, "application/octet-stream", file, "checklist", 8)
	fence := found["Paint the fence"]
	require.Equal(t, "2026-03-10", fence.Day())
	require.Equal(t, "white, two coats", fence.Description)
	require.Equal(t, "Home", fence.Category.Name)
	require.Equal(t, fence.ID, *found["Buy paint"].ParentID)
	require.Equal(t, fence.ID, *found["Find brush"].ParentID)
	require.True(t, found["Buy paint"].Completed())
	require.False(t, found["Find brush"].Completed())
	require.True(t, found["Mow"].Completed())
	require.Nil(t, found["Mow"].ParentID)
	require.Equal(t, []string{"it was cancelled there, and counts as completed here"}, notes["Mow"])
	require.Equal(t, "Work", found["Same"].Category.Name)
}

func TestTextBeforeTheFirstItemOfAListIsNoted(t *testing.T) {
	b := setup(t)
	report := b.bring(t, b.ann, "text/csv", "# Shopping\nfor Sunday\n[ ] milk\n[ ] milk\n", false)
	require.Equal(t, 2, report.Created, "%+v", report)
	require.Equal(t, []string{"left out, since it stands before the first item: for Sunday"}, report.Notes)
}

func TestWhatIsNoItemOfAListMakesNoTask(t *testing.T) {
	b := setup(t)
	report := b.bring(t, b.ann, "application/octet-stream", "---\ntags: [home]\n---\n- [ ] milk\n- [ ]\n-\n---\n* * *\n[ ]\n1.\n- [ ] bread\n", false)
	require.Equal(t, 2, report.Created, "%+v", report)
	require.Equal(t, []string{"left out, since it stands before the first item: tags: [home]"}, report.Notes)
	require.Empty(t, b.all(t, b.ann)["milk"].Description)
}

func TestListMayBeginWithABoxOrBeCalledMarkdown(t *testing.T) {
	b := setup(t)
	require.Equal(t, 1, b.bring(t, b.ann, "application/octet-stream", "[ ] milk\n", false).Created)
	require.Equal(t, 1, b.bring(t, b.ann, "text/markdown", "For Sunday:\n- bread\n", false).Created)
}

func TestMarkdownWithoutAnItemIsRefused(t *testing.T) {
	b := setup(t)
	for _, text := range []string{"null", "0", "", "- [ ]\n", "# Plans\n\nTo be written.\n"} {
		_, err := b.transfer.Import(b.ctx, b.ann, "text/markdown", strings.NewReader(text), false)
		require.ErrorContains(t, err, "list without items", text)
	}
}
