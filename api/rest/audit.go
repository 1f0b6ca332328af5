package rest

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/jsonschema-go/jsonschema"

	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/journal"
	"tickler/internal/person"
)

// Audit reads who did what through which token, newest first. Unless before is 0,
// it reads only entries older than that entry.
type Audit interface {
	// History is about one user's data.
	History(ctx context.Context, userID int64, f journal.Filter) ([]journal.Entry, error)
	// HistoryOfAll is about that of all users, or of one unless userID is 0.
	HistoryOfAll(ctx context.Context, userID, before int64, limit int) ([]journal.Entry, error)
}

const (
	auditLimit    = 50
	maxAuditLimit = 500
)

// auditPage is one page of the audit.
type auditPage struct {
	Entries []auditEntry `json:"entries"`
	Before  int64        `json:"before,omitempty" doc:"For the next page; none: there is none."`
}

// auditEntry is an entry in an answer.
type auditEntry struct {
	ID       int64  `json:"id"`
	At       string `json:"at" doc:"UTC."`
	UserID   int64  `json:"user_id" doc:"Whose data it is about."`
	User     string `json:"user,omitempty" doc:"The name of that person, behind their issuer if another server knows them; in the audit of all users."`
	Actor    string `json:"actor" doc:"The token, by its name or first characters; the issuer and client of one; or the app that worked by itself."`
	TokenID  int64  `json:"token_id,omitempty" doc:"Of a personal token."`
	Action   string `json:"action" doc:"For example task.created."`
	ObjectID int64  `json:"object_id" doc:"Of the task, category, tag, channel, token or user."`
	EventID  string `json:"event_id,omitempty" doc:"Of the event that tells more."`
}

// audit registers the audit: of their own data for users, of everybody's for
// administrators.
func (s *server) audit() {
	paging := []parameter{
		{Name: "before", In: "query", Description: "Only entries before this one; as the last page gave it.", Schema: idSchema()},
		{Name: "limit", In: "query", Description: "Default 50.", Schema: &jsonschema.Schema{Type: "integer", Minimum: jsonschema.Ptr(1.0), Maximum: jsonschema.Ptr(float64(maxAuditLimit))}},
	}
	newestFirst := responses(map[int]response{http.StatusOK: {
		Description: "Newest first.", Content: jsonContent(s.document.answer(reflect.TypeFor[auditPage]())),
	}})
	s.handle(s.Guard(access.TasksRead, 0), get, "/v1/audit", &described{
		OperationID: "audit", Summary: "See who changed what", Tags: []string{aboutAudit},
		Description: "Lists what was changed in the caller's data, when, and through which token. Kept for 90 days.",
		Parameters:  paging, Responses: newestFirst,
	}, answered(func(c *gin.Context, user person.Settings, query url.Values) (any, error) {
		q, err := readAudit(query)
		if err != nil {
			return nil, err
		}
		return q.page(s.Audit.History(c.Request.Context(), user.UserID, journal.Filter{Changes: true, Before: q.before, Limit: q.limit + 1}))
	}))
	s.handle(s.Guard(access.Admin, 0), get, "/v1/admin/audit", &described{
		OperationID: "audit_of_all", Summary: "See who changed what, of all users", Tags: []string{aboutAudit},
		Description: "As GET /v1/audit, about all users. It needs a token with the scope admin.",
		Parameters:  append([]parameter{{Name: "user_id", In: "query", Description: "Only about this user's data.", Schema: idSchema()}}, paging...), Responses: newestFirst,
	}, answered(func(c *gin.Context, _ person.Settings, query url.Values) (any, error) {
		q, err := readAudit(query, "user_id")
		if err != nil {
			return nil, err
		}
		return q.page(s.Audit.HistoryOfAll(c.Request.Context(), q.userID, q.before, q.limit+1))
	}))
}

// auditQuery is a parsed query of the audit.
type auditQuery struct {
	userID, before int64
	limit          int
}

func readAudit(query url.Values, also ...string) (auditQuery, error) {
	q := auditQuery{limit: auditLimit}
	for name, values := range query {
		var target *int64
		var limit int64
		most := int64(math.MaxInt64)
		switch {
		case name == "before":
			target = &q.before
		case name == "limit":
			target, most = &limit, maxAuditLimit
		case len(also) > 0 && name == also[0]:
			target = &q.userID
		default:
			return q, fault.Invalid(fault.Clip(name), "is not a field here; allowed are %s", strings.Join(append([]string{"before", "limit"}, also...), ", "))
		}
		n, err := strconv.ParseInt(values[0], 10, 64)
		if err != nil || n < 1 || n > most || len(values) > 1 {
			return q, fault.Invalid(name, "must be one integer from 1 to %d", most)
		}
		*target = n
		if limit != 0 {
			q.limit = int(limit)
		}
	}
	return q, nil
}

// page makes an answer of one entry more than was asked for, if there are so many.
func (q auditQuery) page(found []journal.Entry, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	page := auditPage{Entries: []auditEntry{}}
	for i, e := range found {
		if i == q.limit {
			page.Before = found[i-1].ID
			break
		}
		one := auditEntry{
			ID: e.ID, At: e.At.Format("2006-01-02T15:04:05.000Z"), UserID: e.UserID, User: e.User, Actor: e.By.Name, TokenID: e.By.TokenID,
			Action: string(e.Object) + "." + string(e.Action), ObjectID: e.ObjectID,
		}
		if e.EventID != nil {
			one.EventID = e.EventID.String()
		}
		page.Entries = append(page.Entries, one)
	}
	return page, nil
}
