package task

import (
	"reflect"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/label"
	"tickler/internal/person"
)

// What schemas say of a field is what is checked.
func TestTagsOfFieldsSayTheLimitsThatHold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of    reflect.Type
		field string
		tag   string
		most  int
	}{
		{reflect.TypeFor[Fields](), "Title", "maxLength", MaxTitle},
		{reflect.TypeFor[Fields](), "Description", "maxLength", MaxDescription},
		{reflect.TypeFor[Fields](), "EstimateMinutes", "maximum", MaxEstimate},
		{reflect.TypeFor[Fields](), "Tags", "maxItems", label.MaxTagsPerTask},
		{reflect.TypeFor[Fields](), "TagIDs", "maxItems", label.MaxTagsPerTask},
		{reflect.TypeFor[Fields](), "BlockedBy", "maxItems", MaxBlockers},
		{reflect.TypeFor[Fields](), "WaitingFor", "maxLength", MaxWaitingFor},
		{reflect.TypeFor[Fields](), "ReminderOffsets", "maxItems", person.MaxReminderOffsets},
		{reflect.TypeFor[AddInput](), "IdempotencyKey", "maxLength", MaxIdempotencyKey},
		{reflect.TypeFor[SearchInput](), "Query", "maxLength", MaxQuery},
		{reflect.TypeFor[CommentInput](), "Text", "maxLength", MaxComment},
		{reflect.TypeFor[CommentInput](), "URL", "maxLength", MaxURL},
		{reflect.TypeFor[CommentInput](), "Title", "maxLength", MaxLinkTitle},
	} {
		field, found := c.of.FieldByName(c.field)
		require.True(t, found, c.field)
		require.Equal(t, strconv.Itoa(c.most), field.Tag.Get(c.tag), "%s of %s", c.tag, c.field)
	}
}
