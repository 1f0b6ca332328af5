package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"tickler/api/operation"
	"tickler/internal/fault"
	"tickler/internal/person"
)

// list is a page with tasks that filters select.
type list struct {
	title, path string
	query       url.Values // what the person asked for
	category    int64      // that the page is about, 0 if none
	tag         int64
	search      bool
}

// option is a choice of a filter.
type option struct{ Value, Name string }

var (
	statuses = []option{{"pending", "Open"}, {"ready", "Ready to be done"}, {"blocked", "After others"}, {"waiting", "Waiting"}, {"completed", "Done"}, {"all", "Open and done"}, {"deleted", "Deleted"}}
	orders   = []option{
		{"due_date", "Due first"}, {"due_date desc", "Due last"}, {"priority desc", "Most important"}, {"created_at desc", "Newest"}, {"created_at asc", "Oldest"},
		{"updated_at desc", "Changed last"}, {"completed_at desc", "Done last"}, {"title asc", "Title"},
	}
	priorities = []option{{"urgent", "Urgent"}, {"high", "High"}, {"medium", "Medium"}, {"low", "Low"}}
)

type listData struct {
	Form
	Path                              string // where the filters lead
	Search, Filtered                  bool
	About                             string // category or tag: what the page is about
	AboutID                           int64
	AboutName                         string
	Add                               *quickAdd
	Statuses, Orders, Priorities      []option
	Categories                        []option
	Status, Order, Priority, Category string
	Rows                              []row
	Total                             int
	Estimate                          string
	Note                              string
	Next, First                       string // other pages
	Select, Unselect                  string // the same page, choosing several or not
	Pick                              bool
	Several                           several
}

func (s *server) tasks(c *gin.Context, user person.Settings) error {
	return s.showList(c, http.StatusOK, user, list{title: "All tasks", path: "/tasks", query: c.Request.URL.Query()}, nil, several{})
}

func (s *server) search(c *gin.Context, user person.Settings) error {
	return s.showList(c, http.StatusOK, user, list{title: "Search", path: "/search", query: c.Request.URL.Query(), search: true}, nil, several{})
}

func (s *server) category(c *gin.Context, user person.Settings) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	return s.showList(c, http.StatusOK, user, list{path: c.Request.URL.Path, query: c.Request.URL.Query(), category: id}, nil, several{})
}

func (s *server) tag(c *gin.Context, user person.Settings) error {
	id, err := idOf(c)
	if err != nil {
		return err
	}
	return s.showList(c, http.StatusOK, user, list{path: c.Request.URL.Path, query: c.Request.URL.Query(), tag: id}, nil, several{})
}

// arguments are those of list_tasks or search_tasks.
func (l list) arguments() arguments {
	given := arguments{"limit": 50}
	set := func(field, value string) {
		if value != "" {
			given[field] = value
		}
	}
	set("cursor", l.query.Get("cursor"))
	if category := cmp.Or(id(l.category), l.query.Get("category")); category != "" {
		given["category"] = []string{category}
	}
	if tag := cmp.Or(id(l.tag), l.query.Get("tag")); tag != "" {
		given["tags"] = []string{tag}
	}
	if chosen := l.query["priority"]; len(chosen) > 0 && chosen[0] != "" {
		given["priority"] = chosen
	}
	if l.search {
		given["query"] = l.query.Get("q")
		return given
	}
	switch status := l.status(); status {
	case "ready", "blocked", "waiting":
		given["status"], given[status] = "pending", true
	default:
		given["status"] = status
	}
	set("due_after", l.query.Get("due_after"))
	set("due_before", l.query.Get("due_before"))
	key, order, _ := strings.Cut(l.order(), " ")
	given["sort_by"] = key
	set("sort_order", order)
	return given
}

func (l list) status() string {
	if l.search {
		return "all"
	}
	return cmp.Or(l.query.Get("status"), "pending")
}

// order is how the list is sorted: a field and a direction.
func (l list) order() string {
	if by := l.query.Get("sort_by"); by != "" { // as links have it, in the words of list_tasks
		return by
	}
	standard := "due_date"
	switch l.status() {
	case "completed":
		standard = "completed_at desc"
	case "deleted":
		standard = "updated_at desc"
	}
	return cmp.Or(l.query.Get("order"), standard)
}

// with returns the path of the page with other values in its query; "" removes one.
func (l list) with(changes ...string) string {
	query := url.Values{}
	for name, values := range l.query {
		query[name] = values
	}
	for i := 0; i < len(changes); i += 2 {
		if query.Del(changes[i]); changes[i+1] != "" {
			query.Set(changes[i], changes[i+1])
		}
	}
	if len(query) == 0 {
		return l.path
	}
	return l.path + "?" + query.Encode()
}

func id(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// listAt returns the list at an address of the page, and false if another page is
// there.
func listAt(address string) (list, bool) {
	u, err := url.Parse(address)
	if err != nil {
		return list{}, false
	}
	l := list{path: u.Path, query: u.Query()}
	about := func(prefix string) int64 {
		n, err := strconv.ParseInt(strings.TrimPrefix(u.Path, prefix), 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	switch {
	case u.Path == "/tasks":
		l.title = "All tasks"
	case u.Path == "/search":
		l.title, l.search = "Search", true
	case strings.HasPrefix(u.Path, "/category/"):
		l.category = about("/category/")
	case strings.HasPrefix(u.Path, "/tag/"):
		l.tag = about("/tag/")
	}
	return l, l.title != "" || l.category != 0 || l.tag != 0
}

// showList answers with a list. add and doing are forms that could not be carried
// out.
func (s *server) showList(c *gin.Context, status int, user person.Settings, l list, add *quickAdd, doing several) error {
	ctx := c.Request.Context()
	clock := s.clock(user)
	categories, err := s.Operations.Categories(ctx)
	if err != nil {
		return err
	}
	data := listData{
		Path: l.path, Search: l.search, Statuses: statuses, Orders: orders, Priorities: priorities,
		Status: l.status(), Order: l.order(), Priority: l.query.Get("priority"), Category: l.query.Get("category"),
		Pick: l.query.Get("select") != "", Select: l.with("select", "1"), Unselect: l.with("select", ""), Several: doing,
	}
	data.Form.Values = l.query
	for _, one := range categories {
		data.Categories = append(data.Categories, option{id(one.ID), one.Name})
		if one.ID == l.category {
			data.About, data.AboutID, data.AboutName, l.title = "category", one.ID, one.Name, one.Name
		}
	}
	if l.tag != 0 {
		tags, err := s.Operations.Tags(ctx)
		if err != nil {
			return err
		}
		for _, one := range tags {
			if one.ID == l.tag {
				data.About, data.AboutID, data.AboutName, l.title = "tag", one.ID, one.Name, "#"+one.Name
			}
		}
	}
	if (l.category != 0 || l.tag != 0) && data.About == "" {
		return &fault.Error{Code: fault.NotFound, Message: "there is no page at this address"}
	}
	for _, filter := range []string{"status", "priority", "category", "tag", "due_after", "due_before", "order"} {
		data.Filtered = data.Filtered || l.query.Get(filter) != ""
	}
	if !l.search || l.query.Has("q") {
		name := "list_tasks"
		if l.search {
			name = "search_tasks"
		}
		found, err := call[operation.TaskPage](ctx, s.Operations, name, l.arguments())
		if err != nil {
			if data.Form.Error = s.Operations.Visible(ctx, "page "+l.path, err); data.Form.Error.Code != fault.InvalidInput && data.Form.Error.Code != fault.NotFound {
				return err
			}
			status = http.StatusBadRequest
		}
		data.Rows, data.Total, data.Note = clock.rows(found.Tasks, clock.full), found.Total, found.Note
		if found.EstimateMinutes > 0 {
			data.Estimate = duration(found.EstimateMinutes)
		}
		if found.NextCursor != "" {
			data.Next = l.with("cursor", found.NextCursor)
		}
		if l.query.Get("cursor") != "" {
			data.First = l.with("cursor", "")
		}
	}
	for i := range data.Rows {
		data.Rows[i].Pick, data.Rows[i].Picked = data.Pick, doing.Is("task", id(data.Rows[i].ID))
	}
	data.Several.Categories, data.Several.Status, data.Several.Today = data.Categories, data.Status, clock.now.In(clock.zone).Format(time.DateOnly)
	if !l.search && l.tag == 0 {
		if add == nil {
			add = &quickAdd{}
		}
		if l.category != 0 {
			add.Category = data.AboutName
		}
		data.Add = add
	}
	s.Pages.Show(c, status, "list", Page{Title: l.title, Current: l.path, Data: data})
	return nil
}
