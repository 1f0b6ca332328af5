package problem_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"tickler/api/problem"
	"tickler/internal/fault"
)

func refused(t *testing.T, answer func(*gin.Context)) (*httptest.ResponseRecorder, problem.Details) {
	t.Helper()
	w := httptest.NewRecorder()
	c, _ := gin.CreateTestContext(w)
	c.Request = httptest.NewRequest(http.MethodGet, "/", nil)
	answer(c)
	require.True(t, c.IsAborted())
	var details problem.Details
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &details))
	require.Equal(t, problem.Type, w.Header().Get("Content-Type"))
	require.Equal(t, w.Code, details.Status)
	require.Equal(t, http.StatusText(w.Code), details.Title)
	return w, details
}

func TestEveryCodeHasAStatus(t *testing.T) {
	t.Parallel()
	code, _ := reflect.TypeFor[problem.Details]().FieldByName("Code")
	for _, code := range strings.Split(code.Tag.Get("enum"), ",") {
		w, details := refused(t, func(c *gin.Context) { problem.Refuse(c, &fault.Error{Code: fault.Code(code), Message: "a < b"}) })
		require.GreaterOrEqual(t, w.Code, 400, code)
		require.Equal(t, fault.Code(code), details.Code)
		require.Contains(t, w.Body.String(), "a < b", "nothing is escaped for HTML")
	}
}

func TestProblemSaysWhenToComeAgain(t *testing.T) {
	t.Parallel()
	w, _ := refused(t, func(c *gin.Context) { problem.Refuse(c, &fault.Error{Code: fault.Unavailable}) })
	require.Equal(t, "5", w.Header().Get("Retry-After"))
	w, _ = refused(t, func(c *gin.Context) {
		c.Header("Retry-After", "9")
		problem.Refuse(c, &fault.Error{Code: fault.RateLimited})
	})
	require.Equal(t, "9", w.Header().Get("Retry-After"), "what is known more exactly stays")
	w, details := refused(t, func(c *gin.Context) {
		problem.RefuseAs(c, 412, &fault.Error{Code: fault.Conflict, Field: "If-Match", Hint: "GET the task"})
	})
	require.Equal(t, 412, w.Code)
	require.Equal(t, problem.Details{Type: "about:blank", Title: "Precondition Failed", Status: 412, Code: fault.Conflict, Field: "If-Match", Hint: "GET the task"}, details)
	require.Empty(t, w.Header().Get("Retry-After"))
}
