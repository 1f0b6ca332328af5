package rest

import (
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"tickler/api/operation"
)

const introduction = `Tasks, deadlines, reminders and recurrence of the person whose token is sent.

Dates without an offset are in the person's time zone; answers are in it, with their offset. Errors are problem details (RFC 9457): ` + "`code`, `field` and `hint`" + ` say what to mend; an error means that nothing was changed. What is given beyond the described fields is refused. Text in titles, descriptions, tags and categories is the person's data.`

// problems are the statuses of errors that any call can have.
var problems = map[int]string{
	400: "An input is wrong; field names it.",
	401: "No valid token was sent.",
	403: "The token does not cover this call.",
	404: "There is no such object among the person's.",
	409: "It conflicts with what is there: a name that is taken, a version that is old.",
	412: "The task is not as the ETag in If-Match says any more.",
	413: "The body is too large.",
	415: "The body is of another type than is taken here.",
	422: "A limit would be exceeded.",
	429: "Too many calls, or too many streams.",
	500: "Something went wrong; detail has an id to quote.",
	503: "The database cannot be reached at the moment.",
}

func newDocument(version string) *huma.OpenAPI {
	document := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "Tickler", Version: version, Description: introduction,
			License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
		},
		Servers: []*huma.Server{{URL: "/"}},
		Tags: []*huma.Tag{
			{Name: "tasks", Description: "Add, find, change and finish tasks."},
			{Name: "categories", Description: "A task is in one at most."},
			{Name: "tags", Description: "A task can have ten."},
			{Name: "person", Description: "What now, and settings."},
			{Name: "events", Description: "What happens, as it happens."},
			{Name: "transfer", Description: "Everything out, everything in."},
			{Name: "audit", Description: "Who changed what, through which token."},
		},
		Components: &huma.Components{
			Schemas:   huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
			Responses: map[string]*huma.Response{},
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"token": {Type: "http", Scheme: "bearer", Description: "A personal access token: api token create --user NAME"},
			},
		},
		Security: []map[string][]string{{"token": {}}},
	}
	for status, text := range problems {
		document.Components.Responses[problemName(status)] = &huma.Response{
			Description: text,
			Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: answerSchema(document, reflect.TypeFor[problem]())}},
		}
	}
	return document
}

func problemName(status int) string {
	return strings.ReplaceAll(http.StatusText(status), " ", "")
}

// responses are a success and the errors that a call can have beside those
// that any can.
func responses(success map[int]*huma.Response, also ...int) map[string]*huma.Response {
	all := map[string]*huma.Response{}
	for _, status := range append([]int{400, 401, 403, 429, 500, 503}, also...) {
		all[strconv.Itoa(status)] = &huma.Response{Ref: "#/components/responses/" + problemName(status)}
	}
	for status, response := range success {
		all[strconv.Itoa(status)] = response
	}
	return all
}

var braces = regexp.MustCompile(`\{([a-z_]+)\}`)

// describe tells of the route what a client must know.
func (r route) describe(o operation.Operation, document *huma.OpenAPI) *huma.Operation {
	described := &huma.Operation{
		Method: r.method, Path: r.path, OperationID: o.Name, Summary: o.Title, Description: forPrograms(o.Description),
		Tags: []string{r.subject()}, Metadata: map[string]any{"operation": o},
	}
	if r.id != "" {
		described.OperationID, described.Summary, described.Description = r.id, "Get the settings", "Returns the user's settings, and what time it is."
	}
	also := []int{}
	success := map[int]*huma.Response{http.StatusOK: {Description: "Done.", Content: jsonContent(answerSchema(document, o.Out))}}
	inPath := map[string]bool{}
	for _, match := range braces.FindAllStringSubmatch(r.path, -1) {
		inPath[match[1]] = true
		also = append(also, 404)
	}
	body, required := map[string]any{}, []string{}
	for _, f := range o.Fields() {
		switch {
		case inPath[f.Name]:
			described.Parameters = append(described.Parameters, &huma.Param{Name: f.Name, In: "path", Required: true, Schema: idSchema(), Description: docOf(f)})
		case r.leavesOut(f.Name):
		case r.inBody():
			body[f.Name] = bodySchema(f)
			if f.Required {
				required = append(required, f.Name)
			}
			if f.Name == "tasks" {
				body[f.Name].(map[string]any)["minItems"] = 1
			}
		default:
			schema := querySchema(f)
			description := docOf(f)
			if f.Name == "response_format" {
				description = "Default detailed."
			}
			described.Parameters = append(described.Parameters, &huma.Param{Name: f.Name, In: "query", Required: f.Required, Schema: schema, Description: description})
		}
	}
	if r.inBody() {
		if format, ok := body["response_format"].(map[string]any); ok {
			format["description"] = "Default detailed."
		}
		schema := map[string]any{"type": "object", "properties": body, "additionalProperties": false}
		if len(required) > 0 {
			schema["required"] = required
		}
		described.RequestBody = &huma.RequestBody{Required: len(required) > 0, Content: jsonContent(free(schema))}
		also = append(also, 404, 409, 413, 415, 422)
	}
	r.describeHeaders(described, o, success, &also)
	if r.method == get {
		success[http.StatusOK].Headers = map[string]*huma.Param{"ETag": {Description: "For If-None-Match.", Schema: free(map[string]any{"type": "string"})}}
		if o.Name == "list_tasks" || o.Name == "search_tasks" {
			success[http.StatusOK].Headers["Link"] = &huma.Param{Description: `The next page, with rel="next", if there is one.`, Schema: free(map[string]any{"type": "string"})}
			also = append(also, 404)
		}
		success[http.StatusNotModified] = &huma.Response{Description: "It is still what If-None-Match names."}
	}
	described.Responses = responses(success, also...)
	return described
}

// describeHeaders tells of those that a route takes and answers with.
func (r route) describeHeaders(described *huma.Operation, o operation.Operation, success map[int]*huma.Response, also *[]int) {
	takes := func(name, text string) {
		described.Parameters = append(described.Parameters, &huma.Param{Name: name, In: "header", Description: text, Schema: free(map[string]any{"type": "string"})})
	}
	if r.method == get {
		takes(ifNoneMatch, "ETags that the client has: 304 if one is still right.")
	}
	if hasField(o.Fields(), "if_version") {
		takes(ifMatch, "Change only if the task still has this ETag, else 412.")
		*also = append(*also, 412)
	}
	if hasField(o.Fields(), "idempotency_key") {
		takes(idempotencyKey, "Any unique text: a repeated call with it returns the first task, as 200, instead of adding another.")
	}
	if r.method != post || (o.Name != "add_task" && !strings.HasPrefix(o.Name, "create_")) {
		return
	}
	created := *success[http.StatusOK]
	created.Description = "Created."
	if o.Name == "add_task" {
		success[http.StatusOK].Description = "It had been added with this idempotency key before."
		created.Headers = map[string]*huma.Param{
			"Location": {Description: "Of the task.", Schema: free(map[string]any{"type": "string"})},
			"ETag":     {Description: "For If-Match.", Schema: free(map[string]any{"type": "string"})},
		}
	} else {
		delete(success, http.StatusOK)
	}
	success[http.StatusCreated] = &created
}

// subject is the tag that groups the route.
func (r route) subject() string {
	subject := strings.Split(r.path, "/")[2]
	switch subject {
	case "search", "batch":
		return "tasks"
	case "overview", "settings":
		return "person"
	}
	return subject
}

// forPrograms leaves out of a tool's description the example of its arguments.
func forPrograms(description string) string {
	before, rest, found := strings.Cut(description, " Example: ")
	if !found {
		return description
	}
	if end := strings.LastIndex(rest, "}"); end >= 0 {
		rest = strings.TrimLeft(rest[end+1:], ".;")
	}
	return strings.TrimSpace(before + rest)
}

func docOf(f operation.Field) string {
	text, _ := f.Schema["description"].(string)
	return text
}

func jsonContent(schema *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{"application/json": {Schema: schema}}
}

// free is a schema that the library knows nothing of: it has one type where
// JSON Schema has many.
func free(schema map[string]any) *huma.Schema { return &huma.Schema{Extensions: schema} }

func idSchema() *huma.Schema {
	return free(map[string]any{"type": "integer", "format": "int64", "minimum": 1})
}

// querySchema is that of a value in a query, which is never null.
func querySchema(f operation.Field) *huma.Schema {
	schema := maps.Clone(f.Schema)
	delete(schema, "description")
	return free(schema)
}

// bodySchema is that of a value in a body: null is as good as left out.
func bodySchema(f operation.Field) map[string]any {
	schema := maps.Clone(f.Schema)
	if strings.HasSuffix(f.Name, "_id") {
		schema["minimum"] = 1
	}
	if f.Required {
		return schema
	}
	types, several := schema["type"].([]any)
	if !several {
		types = []any{schema["type"]}
	}
	if !slices.Contains(types, any("null")) {
		types = append(slices.Clone(types), "null")
		if enum, ok := schema["enum"].([]any); ok {
			schema["enum"] = append(slices.Clone(enum), nil)
		}
	}
	schema["type"] = types
	return schema
}

func header(ctx huma.Context, name string) string {
	return humagin.Unwrap(ctx).Writer.Header().Get(name)
}
