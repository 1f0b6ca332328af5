package rest

import (
	"net/http"
	"regexp"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"

	"tickler/api/operation"
)

var braces = regexp.MustCompile(`\{([a-z_]+)\}`)

// inPath lists the fields that are part of the path.
func (r route) inPath() []string {
	var names []string
	for _, match := range braces.FindAllStringSubmatch(r.path, -1) {
		names = append(names, match[1])
	}
	return names
}

// describe documents the route.
func (r route) describe(o operation.Operation, d *document) *described {
	told := &described{OperationID: o.Name, Summary: o.Title, Description: joined(o.Summary, o.Details), Tags: []string{r.about}}
	if r.id != "" {
		told.OperationID, told.Summary, told.Description = r.id, r.title, r.summary
	}
	body := &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{}, AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}}}
	for _, f := range r.fields(o) {
		switch {
		case slices.Contains(r.inPath(), f.Name):
			told.Parameters = append(told.Parameters, parameter{Name: f.Name, In: "path", Required: true, Schema: idSchema(), Description: f.Schema.Description})
		case r.leavesOut(f.Name):
		case r.inBody():
			body.Properties[f.Name] = bodySchema(f)
			if f.Required {
				body.Required = append(body.Required, f.Name)
			}
		default:
			schema := *f.Schema // a value in a query is never null
			schema.Description = ""
			told.Parameters = append(told.Parameters, parameter{Name: f.Name, In: "query", Required: f.Required, Schema: &schema, Description: f.Schema.Description})
		}
	}
	var failures []int
	if len(r.inPath()) > 0 || o.Paged || hasField(o.Fields(), "category") {
		failures = append(failures, 404)
	}
	if r.inBody() {
		told.RequestBody = &requestBody{Required: len(body.Required) > 0, Content: jsonContent(body)}
		failures = append(failures, 404, 409, 413, 415, 422)
	}
	takes := func(name, text string) {
		told.Parameters = append(told.Parameters, parameter{Name: name, In: "header", Description: text, Schema: textSchema()})
	}
	if r.method == get {
		takes(ifNoneMatch, "ETags that the client has: 304 if one is still right.")
	}
	if hasField(o.Fields(), "if_version") {
		takes(ifMatch, "Change only if the task still has this ETag, else 412.")
		failures = append(failures, 412)
	}
	if hasField(o.Fields(), "idempotency_key") {
		takes(idempotencyKey, "Any unique text: a repeated call with it returns the first task, as 200, instead of adding another.")
	}
	told.Responses = responses(r.successes(o, d), failures...)
	return told
}

// successes returns the responses that are not errors, by status.
func (r route) successes(o operation.Operation, d *document) map[int]response {
	answer := response{Description: "Done.", Content: jsonContent(d.answer(o.Out))}
	switch {
	case o.Creates && o.Versioned:
		created, repeated := answer, answer
		created.Description, repeated.Description = "Created.", "It had been added with this idempotency key before."
		created.Headers = map[string]header{
			"Location": {"Of the task.", textSchema()},
			"ETag":     {"For If-Match.", textSchema()},
		}
		return map[int]response{http.StatusCreated: created, http.StatusOK: repeated}
	case o.Creates:
		answer.Description = "Created."
		return map[int]response{http.StatusCreated: answer}
	case r.method != get:
		return map[int]response{http.StatusOK: answer}
	}
	answer.Headers = map[string]header{"ETag": {"For If-None-Match.", textSchema()}}
	if o.Paged {
		answer.Headers["Link"] = header{`The next page, with rel="next", if there is one.`, textSchema()}
	}
	return map[int]response{http.StatusOK: answer, http.StatusNotModified: {Description: "It is still what If-None-Match names."}}
}

// bodySchema is the schema of a field in a body, where null means the same as
// leaving an optional field out.
func bodySchema(f operation.Field) *jsonschema.Schema {
	schema := *f.Schema
	if f.Required {
		return &schema
	}
	if schema.Types == nil {
		schema.Types, schema.Type = []string{schema.Type}, ""
	}
	if !slices.Contains(schema.Types, "null") {
		schema.Types = append(slices.Clone(schema.Types), "null")
		if schema.Enum != nil {
			schema.Enum = append(slices.Clone(schema.Enum), nil)
		}
	}
	return &schema
}

func joined(summary, details string) string {
	if details == "" {
		return summary
	}
	return summary + " " + details
}
