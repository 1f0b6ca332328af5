package rest

import (
	"bufio"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/google/jsonschema-go/jsonschema"

	"tickler/api/operation"
	"tickler/api/streamed"
	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/transfer"
)

// maxImport is the largest file that can be imported, in bytes: some ten thousand
// tasks.
const maxImport = 16 << 20

// transfers registers export and import.
func (s *server) transfers() {
	s.handle(s.Guard(access.TasksRead, 0), get, "/v1/export", &described{
		OperationID: "export", Summary: "Export everything", Tags: []string{aboutTransfer},
		Description: "Returns settings, categories, tags and tasks that are not deleted as one document, which POST /v1/import takes.",
		Responses:   responses(map[int]response{http.StatusOK: {Description: "Everything.", Content: jsonContent(s.document.answer(reflect.TypeFor[transfer.Document]()))}}),
	}, s.export)
	s.handle(s.Guard(access.TasksWrite, maxImport), post, "/v1/import", &described{
		OperationID: "import", Summary: "Import tasks", Tags: []string{aboutTransfer},
		Description: "Brings in a file: an export of Tickler, the to-dos of a calendar (iCalendar), or what Todoist, TickTick, Google Tasks, Microsoft To Do, Tasks.org or Vikunja export, or a table of tasks with a line of headings, as Asana, Notion, Trello, Jira and spreadsheets write, or a list in Markdown; whose it is shows its content. Each task is judged by itself, and imported once however often its file is. A field that does not fit does not cost its task: it is kept in the description and noted. With dry_run nothing is changed, and the report says what would be. At most 10000 tasks and 16 MiB, 256 KiB each; a ZIP 8 MiB. One import at a time.",
		Parameters: []parameter{{
			Name: "dry_run", In: "query", Description: "Change nothing. Default false.", Schema: &jsonschema.Schema{Type: "boolean"},
		}},
		RequestBody: &requestBody{Required: true, Content: s.importable()},
		Responses: responses(map[int]response{http.StatusOK: {
			Description: "What became of each task.", Content: jsonContent(s.document.answer(reflect.TypeFor[transfer.Report]())),
		}}, 409, 413, 415, 422),
	}, answered(func(c *gin.Context, user person.Settings, query url.Values) (any, error) {
		dryRun, err := readDryRun(query)
		if err != nil {
			return nil, err
		}
		if c.Request.ContentLength > maxImport {
			return nil, bodyError(&http.MaxBytesError{Limit: maxImport})
		}
		kind, parameters, _ := mime.ParseMediaType(c.GetHeader("Content-Type"))
		body := io.Reader(arriving{c.Request.Body})
		if kind == "multipart/form-data" {
			if body, err = openUpload(body, parameters["boundary"]); err != nil {
				return nil, err
			}
			kind = "application/octet-stream" // browsers name a part's type by the ending of its name
		}
		return s.importFile(c.Request.Context(), user, kind, body, dryRun)
	}))
}

// importable describes what can be imported, by media type.
func (s *server) importable() content {
	file := func(description string) mediaType {
		return mediaType{&jsonschema.Schema{Type: "string", Description: description}}
	}
	all := content{
		"text/csv":      file("As Todoist exports a project, TickTick a backup, or any table of tasks whose headings are known; separated by commas, semicolons or tabs."),
		"text/calendar": file("RFC 5545; only VTODO is read."),
		"application/json": {&jsonschema.Schema{
			Description: "An export of Tickler, or of Google Tasks (Takeout), Microsoft To Do (Graph), Tasks.org or Vikunja.",
			AnyOf:       []*jsonschema.Schema{s.document.answer(reflect.TypeFor[transfer.Document]()), {Type: "object"}, {Type: "array"}},
		}},
		"multipart/form-data": {&jsonschema.Schema{
			Type: "object", Description: "One file of any of these kinds.",
			Properties: map[string]*jsonschema.Schema{"file": {Type: "string", Format: "binary"}},
		}},
	}
	for _, kind := range transfer.MediaTypes() {
		if _, described := all[kind]; !described {
			all[kind] = file("Any of these, or a ZIP: a backup of Todoist, an export of Vikunja.")
		}
	}
	return all
}

// export writes everything that the caller has, as it is read.
func (s *server) export(c *gin.Context) error {
	user, err := operation.User(c.Request.Context())
	if err != nil {
		return err
	}
	for name := range c.Request.URL.Query() {
		return fault.Invalid(fault.Clip(name), "is not a field here; there are none")
	}
	document, err := s.Transfer.Export(c.Request.Context(), user)
	if err != nil {
		return err
	}
	c.Header("Content-Disposition", `attachment; filename="tickler.json"`)
	c.Header("Content-Type", jsonType)
	c.Status(http.StatusOK)
	if err := streamed.Answer(c.Request.Context(), c.Writer, func(to *bufio.Writer) error { return document.Write(to) }); err != nil {
		s.Log.Info("an export was not written to its end", "error", err)
	}
	return nil
}

// arriving is a body that is read as it arrives. Its errors are those of a call.
type arriving struct{ io.Reader }

func (a arriving) Read(p []byte) (int, error) {
	n, err := a.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = bodyError(err)
	}
	return n, err
}

func (s *server) importFile(ctx context.Context, user person.Settings, kind string, body io.Reader, dryRun bool) (any, error) {
	report, err := s.Transfer.Import(ctx, user, kind, body, dryRun)
	if e, ok := err.(*fault.Error); ok && e.Field == "Content-Type" {
		return nil, withStatus(http.StatusUnsupportedMediaType, e)
	}
	return report, err
}

// answered makes a handler of a function that is not an operation.
func answered(do func(c *gin.Context, user person.Settings, query url.Values) (any, error)) func(*gin.Context) error {
	return func(c *gin.Context) error {
		user, err := operation.User(c.Request.Context())
		if err != nil {
			return err
		}
		answer, err := do(c, user, c.Request.URL.Query())
		if err != nil {
			return err
		}
		c.Data(http.StatusOK, jsonType, encode(answer))
		return nil
	}
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
