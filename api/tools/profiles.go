package tools

import (
	"net/http"

	"github.com/mark3labs/mcp-go/mcp"

	"tickler/api/operation"
)

// profile is a list of tools that a client asks for with ?tools=, to spare its
// model the others.
type profile struct {
	name string // "" lists everything
	of   func(o *operation.Operations) []operation.Operation
}

// profiles are all the lists. Each is served by a server of its own, which knows no
// other tools.
var profiles = []profile{
	{"", (*operation.Operations).All},
	{"core", only(func(o operation.Operation) bool { return o.Core })},
	{"read", only(func(o operation.Operation) bool { return o.ReadOnly })},
	{"connector", (*operation.Operations).Connector},
}

func only(wanted func(operation.Operation) bool) func(*operation.Operations) []operation.Operation {
	return func(o *operation.Operations) []operation.Operation {
		var some []operation.Operation
		for _, one := range o.All() {
			if wanted(one) {
				some = append(some, one)
			}
		}
		return some
	}
}

// byProfile sends a request to the server of the profile in its query.
type byProfile map[string]http.Handler

func (p byProfile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	next, known := p[r.URL.Query().Get("tools")]
	if !known {
		answerError(w, http.StatusBadRequest, nil, mcp.INVALID_REQUEST, "tools in the address must be core, read or connector, for example /mcp?tools=core; without it all tools are listed")
		return
	}
	next.ServeHTTP(w, r)
}
