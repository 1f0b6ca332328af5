package rest

import (
	"context"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"tickler/api/operation"
	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/transfer"
)

// maxImport is how large a file may be that is imported: some ten thousand tasks.
const maxImport = 16 << 20

const keptBody = "body as it came"

// keepBody and largeBody stand before and behind the guard, which bounds the
// body of an ordinary call.
func keepBody(c *gin.Context) { c.Set(keptBody, c.Request.Body) }

func largeBody(c *gin.Context) {
	if body, ok := c.MustGet(keptBody).(io.ReadCloser); ok {
		c.Request.Body = http.MaxBytesReader(c.Writer, body, maxImport)
	}
}

// transfers serve export and import.
func (s *server) transfers() {
	document := s.reading.OpenAPI()
	s.handle(s.reading, &huma.Operation{
		Method: get, Path: "/v1/export", OperationID: "export", Summary: "Export everything", Tags: []string{"transfer"},
		Description: "Returns settings, categories, tags and tasks that are not deleted as one document, which POST /v1/import takes.",
		Responses:   responses(map[int]*huma.Response{http.StatusOK: {Description: "Everything.", Content: jsonContent(answerSchema(document, reflect.TypeFor[transfer.Document]()))}}),
	}, func(ctx huma.Context) {
		s.answer(ctx, func(user person.Settings, query url.Values) (any, error) {
			for name := range query {
				return nil, fault.Invalid(fault.Clip(name), "is not a field here; none is taken")
			}
			ctx.SetHeader("Content-Disposition", `attachment; filename="tickler.json"`)
			return s.Transfer.Export(ctx.Context(), user)
		})
	})
	file := func(description string) *huma.MediaType {
		return &huma.MediaType{Schema: free(map[string]any{"type": "string", "description": description})}
	}
	s.handle(s.importing, &huma.Operation{
		Method: post, Path: "/v1/import", OperationID: "import", Summary: "Import tasks", Tags: []string{"transfer"},
		Description: "Brings in a file: an export of Tickler, a CSV export of Todoist, or the to-dos of an iCalendar file. Each task is judged by itself, and imported once however often its file is. With dry_run nothing is changed, and the report says what would be. At most 10000 tasks and 16 MiB.",
		Parameters: []*huma.Param{{
			Name: "dry_run", In: "query", Description: "Change nothing. Default false.", Schema: free(map[string]any{"type": "boolean"}),
		}},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/json": {Schema: answerSchema(document, reflect.TypeFor[transfer.Document]())},
			"text/csv":         file("As Todoist exports a project."),
			"text/calendar":    file("RFC 5545; only VTODO is read."),
		}},
		Responses: responses(map[int]*huma.Response{http.StatusOK: {
			Description: "What became of each task.", Content: jsonContent(answerSchema(document, reflect.TypeFor[transfer.Report]())),
		}}, 409, 413, 415, 422),
	}, func(ctx huma.Context) {
		s.answer(ctx, func(user person.Settings, query url.Values) (any, error) {
			dryRun, err := readDryRun(query)
			if err != nil {
				return nil, err
			}
			body, err := readBody(ctx)
			if err != nil {
				return nil, err
			}
			kind, _, _ := mime.ParseMediaType(ctx.Header("Content-Type"))
			return s.importFile(ctx.Context(), user, kind, body, dryRun)
		})
	})
}

func (s *server) importFile(ctx context.Context, user person.Settings, kind string, body []byte, dryRun bool) (any, error) {
	report, err := s.Transfer.Import(ctx, user, kind, body, dryRun)
	if e, ok := err.(*fault.Error); ok && e.Field == "Content-Type" {
		return nil, withStatus(http.StatusUnsupportedMediaType, e)
	}
	return report, err
}

// answer answers a call that is no operation.
func (s *server) answer(ctx huma.Context, do func(user person.Settings, query url.Values) (any, error)) {
	user, err := operation.User(ctx.Context())
	address := ctx.URL()
	var content any
	if err == nil {
		content, err = do(user, address.Query())
	}
	if err != nil {
		s.refuse(ctx, err)
		return
	}
	send(ctx, http.StatusOK, "application/json", content)
}

func readDryRun(query url.Values) (bool, error) {
	for name, values := range query {
		if name != "dry_run" {
			return false, fault.Invalid(fault.Clip(name), "is not a field here; allowed is dry_run")
		}
		switch text := strings.Join(values, "&"); text {
		case "true":
			return true, nil
		case "false":
		default:
			return false, fault.Invalid("dry_run", "%q is not allowed; use true or false", fault.Clip(text))
		}
	}
	return false, nil
}
