package rest

import (
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"github.com/google/jsonschema-go/jsonschema"

	"tickler/api/operation"
	"tickler/api/problem"
)

// These types are the part of OpenAPI 3.1 that we use. Schemas are JSON Schema.
// https://spec.openapis.org/oas/v3.1.1.html#schema-0
type (
	document struct {
		OpenAPI    string                           `json:"openapi"`
		Info       info                             `json:"info"`
		Servers    []map[string]string              `json:"servers"`
		Tags       []tag                            `json:"tags"`
		Security   []map[string][]string            `json:"security"`
		Paths      map[string]map[string]*described `json:"paths"` // by path and method
		Components components                       `json:"components"`

		named map[string]reflect.Type // the type behind each component
	}
	info struct {
		Title       string  `json:"title"`
		Version     string  `json:"version"`
		Description string  `json:"description"`
		License     license `json:"license"`
	}
	license struct {
		Name       string `json:"name"`
		Identifier string `json:"identifier"`
	}
	tag struct { // a group of operations
		Name        string `json:"name"`
		Description string `json:"description"`
	}
	components struct {
		Schemas         map[string]*jsonschema.Schema `json:"schemas"`
		Responses       map[string]response           `json:"responses"`
		SecuritySchemes map[string]securityScheme     `json:"securitySchemes"`
	}
	securityScheme struct {
		Type        string `json:"type"`
		Scheme      string `json:"scheme"`
		Description string `json:"description"`
	}
	// described is an operation of the document.
	described struct {
		OperationID string              `json:"operationId"`
		Summary     string              `json:"summary"`
		Description string              `json:"description"`
		Tags        []string            `json:"tags"`
		Parameters  []parameter         `json:"parameters,omitempty"`
		RequestBody *requestBody        `json:"requestBody,omitempty"`
		Responses   map[string]response `json:"responses"` // by status
	}
	parameter struct {
		Name        string             `json:"name"`
		In          string             `json:"in"` // path, query or header
		Description string             `json:"description,omitempty"`
		Required    bool               `json:"required,omitempty"`
		Schema      *jsonschema.Schema `json:"schema"`
	}
	requestBody struct {
		Required bool    `json:"required,omitempty"`
		Content  content `json:"content"`
	}
	content   map[string]mediaType // by media type
	mediaType struct {
		Schema *jsonschema.Schema `json:"schema"`
	}
	response struct {
		Ref         string            `json:"$ref,omitempty"`
		Description string            `json:"description,omitempty"`
		Headers     map[string]header `json:"headers,omitempty"`
		Content     content           `json:"content,omitempty"`
	}
	header struct {
		Description string             `json:"description"`
		Schema      *jsonschema.Schema `json:"schema"`
	}
)

const introduction = `Tasks, deadlines, reminders and recurrence of the person whose token is sent.

Dates without an offset are in the person's time zone; answers are in it, with their offset. Errors are problem details (RFC 9457): ` + "`code`, `field` and `hint`" + ` say what to mend; an error means that nothing was changed. What is given beyond the described fields is refused. Text in titles, descriptions, tags and categories is the person's data.`

// problems describes the statuses of errors.
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

func newDocument(version string) *document {
	d := &document{
		OpenAPI: "3.1.0",
		Info: info{
			Title: "Tickler", Version: version, Description: introduction,
			License: license{Name: "Apache-2.0", Identifier: "Apache-2.0"},
		},
		Servers: []map[string]string{{"url": "/"}},
		Tags: []tag{
			{aboutTasks, "Add, find, change and finish tasks."},
			{aboutCategories, "A task is in one at most."},
			{aboutTags, "A task can have ten."},
			{aboutPerson, "What now, and settings."},
			{aboutEvents, "What happens, as it happens."},
			{aboutTransfer, "Everything out, everything in."},
			{aboutHistory, "What was changed, by whom; and taking it back."},
			{aboutAudit, "Who changed what, through which token."},
		},
		Security: []map[string][]string{{"token": {}}},
		Paths:    map[string]map[string]*described{}, named: map[string]reflect.Type{},
		Components: components{
			Schemas: map[string]*jsonschema.Schema{}, Responses: map[string]response{},
			SecuritySchemes: map[string]securityScheme{
				"token": {Type: "http", Scheme: "bearer", Description: "A personal access token: api token create --user NAME"},
			},
		},
	}
	for status, text := range problems {
		d.Components.Responses[problemName(status)] = response{Description: text, Content: content{problem.Type: {d.answer(reflect.TypeFor[problem.Details]())}}}
	}
	return d
}

func (d *document) add(method, path string, o *described) {
	if d.Paths[path] == nil {
		d.Paths[path] = map[string]*described{}
	}
	d.Paths[path][strings.ToLower(method)] = o
}

// componentNames overrides the names of types that clients know by another name.
var componentNames = map[reflect.Type]string{
	reflect.TypeFor[operation.View]():           "Task",
	reflect.TypeFor[operation.RecurrenceView](): "Recurrence",
	reflect.TypeFor[problem.Details]():          "Problem",
}

// answer returns the schema of an answer. Each struct becomes a component of the
// document, named after its type.
func (d *document) answer(t reflect.Type) *jsonschema.Schema {
	return operation.AnswerSchema(t, func(t reflect.Type, describe func() *jsonschema.Schema) *jsonschema.Schema {
		name := componentNames[t]
		if name == "" {
			name = string(unicode.ToUpper(rune(t.Name()[0]))) + t.Name()[1:]
		}
		switch d.named[name] {
		case t:
		case nil:
			d.named[name] = t // before describing it: the type may contain itself
			d.Components.Schemas[name] = describe()
		default:
			panic(t.String() + " and " + d.named[name].String() + " have one name in the document") // found by any test
		}
		return &jsonschema.Schema{Ref: "#/components/schemas/" + name}
	})
}

func problemName(status int) string {
	return strings.ReplaceAll(http.StatusText(status), " ", "")
}

// responses returns the responses of a call: its successes, the errors that every
// call can have, and the errors in also.
func responses(success map[int]response, also ...int) map[string]response {
	all := map[string]response{}
	for _, status := range append([]int{400, 401, 403, 429, 500, 503}, also...) {
		all[strconv.Itoa(status)] = response{Ref: "#/components/responses/" + problemName(status)}
	}
	for status, one := range success {
		all[strconv.Itoa(status)] = one
	}
	return all
}

func jsonContent(schema *jsonschema.Schema) content { return content{"application/json": {schema}} }

func textSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }

func idSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "integer", Format: "int64", Minimum: jsonschema.Ptr(1.0)}
}
