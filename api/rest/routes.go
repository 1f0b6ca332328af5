package rest

import "net/http"

// route is where an operation is reached. What it takes stands in the path, and
// the rest in the query of a GET or DELETE or in the body of any other method.
type route struct {
	method, path string
	operation    string
	without      []string // fields that are not taken here, since the path says the same
	id           string   // of the route in the document, where an operation has two
}

const (
	get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete

	oneTask, oneCategory, oneTag = "/v1/tasks/{task_id}", "/v1/categories/{category_id}", "/v1/tags/{tag_id}"
)

var routes = []route{
	{method: get, path: "/v1/tasks", operation: "list_tasks"},
	{method: post, path: "/v1/tasks", operation: "add_task"},
	{method: post, path: "/v1/batch", operation: "add_tasks"},
	{method: patch, path: "/v1/batch", operation: "update_tasks"},
	{method: get, path: oneTask, operation: "get_task"},
	{method: patch, path: oneTask, operation: "update_task"},
	{method: del, path: oneTask, operation: "delete_task"},
	{method: post, path: oneTask + "/complete", operation: "complete_task"},
	{method: post, path: oneTask + "/reopen", operation: "reopen_task"},
	{method: post, path: oneTask + "/skip", operation: "skip_occurrence"},
	{method: post, path: oneTask + "/reminder", operation: "set_reminder"},
	{method: post, path: oneTask + "/tags", operation: "add_tag_to_task"},
	{method: del, path: oneTask + "/tags/{tag_id}", operation: "remove_tag_from_task", without: []string{"tag"}},
	{method: get, path: "/v1/search", operation: "search_tasks"},
	{method: get, path: "/v1/overview", operation: "get_overview"},
	{method: get, path: "/v1/categories", operation: "list_categories"},
	{method: post, path: "/v1/categories", operation: "create_category"},
	{method: patch, path: oneCategory, operation: "update_category", without: []string{"category"}},
	{method: del, path: oneCategory, operation: "delete_category", without: []string{"category"}},
	{method: get, path: "/v1/tags", operation: "list_tags"},
	{method: post, path: "/v1/tags", operation: "create_tag"},
	{method: patch, path: oneTag, operation: "update_tag", without: []string{"tag"}},
	{method: del, path: oneTag, operation: "delete_tag", without: []string{"tag"}},
	{method: patch, path: "/v1/settings", operation: "user_settings"},
	{method: get, path: "/v1/settings", operation: "user_settings", id: "get_settings", without: []string{"*"}},
}

// inBody tells whether the fields stand in the body.
func (r route) inBody() bool { return r.method == post || r.method == patch }
