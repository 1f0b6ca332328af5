package rest

import (
	"net/http"

	"tickler/api/operation"
)

// Groups of operations in the document.
const (
	aboutTasks      = "tasks"
	aboutCategories = "categories"
	aboutTags       = "tags"
	aboutPerson     = "person"
	aboutEvents     = "events"
	aboutTransfer   = "transfer"
	aboutHistory    = "history"
	aboutAudit      = "audit"
)

// route is where an operation is served. Its fields come from the path; the rest
// from the query of a GET or DELETE, or from the body of any other method.
type route struct {
	method, path string
	about        string // its group
	operation    string
	without      []string // fields that this route does not take, because the path has them; * means all
	// id, title and summary replace those of the operation in the document, where an
	// operation has two routes.
	id, title, summary string
}

const (
	get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete

	oneTask, oneCategory, oneTag = "/v1/tasks/{task_id}", "/v1/categories/{category_id}", "/v1/tags/{tag_id}"
)

var routes = []route{
	{method: get, path: "/v1/tasks", about: aboutTasks, operation: "list_tasks"},
	{method: post, path: "/v1/tasks", about: aboutTasks, operation: "add_task"},
	{method: post, path: "/v1/batch", about: aboutTasks, operation: "add_tasks"},
	{method: patch, path: "/v1/batch", about: aboutTasks, operation: "update_tasks"},
	{method: get, path: oneTask, about: aboutTasks, operation: "get_task"},
	{method: patch, path: oneTask, about: aboutTasks, operation: "update_task"},
	{method: del, path: oneTask, about: aboutTasks, operation: "delete_task"},
	{method: post, path: oneTask + "/complete", about: aboutTasks, operation: "complete_task"},
	{method: post, path: oneTask + "/reopen", about: aboutTasks, operation: "reopen_task"},
	{method: post, path: oneTask + "/skip", about: aboutTasks, operation: "skip_occurrence"},
	{method: post, path: oneTask + "/reminder", about: aboutTasks, operation: "set_reminder"},
	{method: post, path: oneTask + "/tags", about: aboutTasks, operation: "add_tag_to_task"},
	{method: del, path: oneTask + "/tags/{tag_id}", about: aboutTasks, operation: "remove_tag_from_task", without: []string{"tag"}},
	{method: get, path: "/v1/search", about: aboutTasks, operation: "search_tasks"},
	{method: get, path: "/v1/overview", about: aboutPerson, operation: "get_overview"},
	{method: get, path: "/v1/history", about: aboutHistory, operation: "get_history"},
	{method: post, path: "/v1/undo", about: aboutHistory, operation: "undo"},
	{method: get, path: "/v1/categories", about: aboutCategories, operation: "list_categories"},
	{method: post, path: "/v1/categories", about: aboutCategories, operation: "create_category"},
	{method: patch, path: oneCategory, about: aboutCategories, operation: "update_category", without: []string{"category"}},
	{method: del, path: oneCategory, about: aboutCategories, operation: "delete_category", without: []string{"category"}},
	{method: get, path: "/v1/tags", about: aboutTags, operation: "list_tags"},
	{method: post, path: "/v1/tags", about: aboutTags, operation: "create_tag"},
	{method: patch, path: oneTag, about: aboutTags, operation: "update_tag", without: []string{"tag"}},
	{method: del, path: oneTag, about: aboutTags, operation: "delete_tag", without: []string{"tag"}},
	{method: patch, path: "/v1/settings", about: aboutPerson, operation: "user_settings"},
	{method: get, path: "/v1/settings", about: aboutPerson, operation: "user_settings", without: []string{"*"},
		id: "get_settings", title: "Get the settings", summary: "Returns the user's settings, and what time it is."},
}

// inBody reports whether the fields come from the body.
func (r route) inBody() bool { return r.method == post || r.method == patch }

// responseFormat is the field that selects how much of a task is returned. Here it
// defaults to detailed: programs want everything, while agents must save context.
const responseFormat = "response_format"

// fields returns the fields of the operation, described with the defaults of REST.
func (r route) fields(o operation.Operation) []operation.Field {
	all := o.Fields()
	for i, f := range all {
		if f.Name == responseFormat {
			all[i].Schema.Description = "Default detailed."
		}
	}
	return all
}
