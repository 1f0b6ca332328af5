package label

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/input"
)

var tags = []Tag{{ID: 1, Name: "Errand"}, {ID: 2, Name: "home"}, {ID: 3, Name: "2"}}

func requireFault(t *testing.T, err error, code fault.Code, field string) *fault.Error {
	t.Helper()
	var e *fault.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code, e.Message)
	require.Equal(t, field, e.Field)
	return e
}

func TestTagsAreFoundByNameAndThenById(t *testing.T) {
	ids, err := FindTagsByAny(tags, []string{"ERRAND", " home ", "2", "1", "1"})
	require.NoError(t, err)
	require.Equal(t, []int64{1, 2, 3}, ids, "a name that looks like an id is a name; each once")
	_, err = FindTagsByAny(tags, []string{"hone"})
	e := requireFault(t, err, fault.NotFound, "tags")
	require.Equal(t, `did you mean "home"?`, e.Hint)
	require.Contains(t, e.Message, "Errand")
}

func TestCategoryThatDoesNotExistIsAnError(t *testing.T) {
	all := []Category{{ID: 5, Name: "Work"}}
	found, err := FindCategoryByAny(all, "5")
	require.NoError(t, err)
	require.Equal(t, "Work", found.Name)
	_, err = FindCategoryByAny(all, "6")
	requireFault(t, err, fault.NotFound, "category_id")
	_, err = findCategory(all, "Work", 5)
	requireFault(t, err, fault.InvalidInput, "category")
}

func TestATagIsGivenOnceAndTakenOffOnce(t *testing.T) {
	known := &KnownTags{all: tags}
	got, err := known.With(t.Context(), tags[:1], "tag", TagInput{Tag: "home"})
	require.NoError(t, err)
	require.Equal(t, []Tag{tags[0], tags[1]}, got)
	again, err := known.With(t.Context(), got, "tag", TagInput{TagID: 2})
	require.NoError(t, err)
	require.Equal(t, got, again)
	without, err := known.Without(got, "tag", TagInput{Tag: "HOME"})
	require.NoError(t, err)
	require.Equal(t, tags[:1], without)
	without, err = known.Without(without, "tag", TagInput{Tag: "home"})
	require.NoError(t, err, "it exists, so there is nothing to do")
	require.Equal(t, tags[:1], without)
	_, err = known.Without(without, "remove_tags", TagInput{Tag: "nothing"})
	requireFault(t, err, fault.NotFound, "remove_tags")
}

func TestLimitsAreReachedAndNotPassed(t *testing.T) {
	var many []Tag
	for n := range MaxTagsPerUser {
		many = append(many, Tag{ID: int64(n + 1), Name: fmt.Sprint("tag", n)})
	}
	known := &KnownTags{all: many, locked: true}
	_, err := known.With(t.Context(), many[:MaxTagsPerTask-1], "tag", TagInput{TagID: 50})
	require.NoError(t, err)
	_, err = known.With(t.Context(), many[:MaxTagsPerTask], "tag", TagInput{Tag: "tag50"})
	requireFault(t, err, fault.LimitExceeded, "tag")
	_, err = known.With(t.Context(), many[:MaxTagsPerTask], "tag", TagInput{Tag: "tag1"})
	require.NoError(t, err, "it has this one already")
	_, err = known.obtain(t.Context(), "tags", "one more")
	requireFault(t, err, fault.LimitExceeded, "tags")
}

func TestNameOrIdAndNotBoth(t *testing.T) {
	for _, in := range []TagInput{{}, {Tag: "  "}, {Tag: "home", TagID: 2}} {
		_, err := in.Checked("tag")
		requireFault(t, err, fault.InvalidInput, "tag")
	}
	in, err := TagInput{Tag: " home "}.Checked("tag")
	require.NoError(t, err)
	require.Equal(t, "home", in.Tag)
}

func TestRelabelingTellsWhatIsNew(t *testing.T) {
	result, err := relabel("tag", MaxTagName, "errand", tags, tags[1], input.Some("HOME"), input.Some("#1E90FF"))
	require.NoError(t, err)
	require.Equal(t, []string{"color", "name"}, result.Changed)
	result, err = relabel("tag", MaxTagName, "errand", tags, tags[1], input.Some("home"), input.Null[string]())
	require.NoError(t, err)
	require.Empty(t, result.Changed)
	_, err = relabel("tag", MaxTagName, "errand", tags, tags[1], input.Some("errand"), input.Optional[string]{})
	requireFault(t, err, fault.Conflict, "name")
	_, err = relabel("tag", MaxTagName, "errand", tags, tags[1], input.Optional[string]{}, input.Some("blue"))
	requireFault(t, err, fault.InvalidInput, "color")
}
