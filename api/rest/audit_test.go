package rest_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAuditIsReadPageByPage(t *testing.T) {
	ann, bob := setup(t)
	for n := range 5 {
		ann.add(t, fmt.Sprintf(`{"title":"task %d"}`, n))
	}
	bob.add(t, `{"title":"Bob's"}`)
	var objects []any
	for path := "/v1/audit?limit=2"; path != ""; {
		page := ann.ok(t, "GET", path, "").body
		require.LessOrEqual(t, len(page["entries"].([]any)), 2)
		for _, one := range page["entries"].([]any) {
			entry := one.(fields)
			require.EqualValues(t, ann.user.UserID, entry["user_id"])
			if entry["action"] == "task.created" {
				require.NotEmpty(t, entry["event_id"])
				require.Contains(t, entry["at"], "Z")
				objects = append(objects, entry["object_id"])
			}
		}
		path = ""
		if before := page["before"]; before != nil {
			path = fmt.Sprintf("/v1/audit?limit=2&before=%.0f", before)
		}
	}
	require.Equal(t, []any{5.0, 4.0, 3.0, 2.0, 1.0}, objects, "newest first, each once")
	largest := ann.ok(t, "GET", fmt.Sprintf("/v1/audit?before=%d", int64(math.MaxInt64)), "").body["entries"]
	require.Equal(t, ann.ok(t, "GET", "/v1/audit", "").body["entries"], largest)
	all := ann.ok(t, "GET", fmt.Sprintf("/v1/admin/audit?user_id=%d", bob.user.UserID), "").body["entries"].([]any)
	require.Equal(t, "task.created", all[0].(fields)["action"])
	for _, wrong := range []string{"limit=0", "limit=501", "limit=x", "before=-1", "before=1&before=2", "user_id=1", "since=1"} {
		require.Equal(t, 400, ann.do(t, "GET", "/v1/audit?"+wrong, "").StatusCode, wrong)
	}
}
