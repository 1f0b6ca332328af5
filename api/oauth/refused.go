package oauth

import (
	"html/template"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"tickler/api/problem"
	"tickler/api/web"
	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/person"
)

// refuse answers a request that is wrong although its client and redirect URI fit. Anybody
// can register a client, so a redirect could lead anywhere and open any app: the client
// is told at once only if the person has connected it and was led there before.
// Otherwise the person decides. RFC 9700, section 4.11.2. It returns false.
func (h *Handler) refuse(c *gin.Context, user person.Settings, q question, query url.Values, location string) bool {
	u, err := url.Parse(location)
	if err != nil {
		h.Pages.Fail(c, "refuse access", err)
		return false
	}
	said, redirect := u.Query(), query.Get("redirect_uri")
	if err := h.note(c, user, access.Attempt{Client: q.client.name, Step: access.StepRequest, Problem: said.Get("error_description")}); err != nil {
		h.Pages.Fail(c, "refuse access", err)
		return false
	}
	state := query.Get("state")
	if len(state) > maxState {
		state = ""
	}
	to := destinationOf(redirect)
	back, err := h.back(c, redirect, url.Values{"error": said["error"], "error_description": {said.Get("error_description")}, "state": {state}})
	if err != nil {
		h.Pages.Fail(c, "refuse access", err)
		return false
	}
	trusted, err := h.Store.Leads(c.Request.Context(), user.UserID, q.client.id, to.Name)
	if err != nil {
		h.Pages.Fail(c, "refuse access", err)
		return false
	}
	if trusted {
		c.Redirect(http.StatusSeeOther, back)
		return false
	}
	h.showRefused(c, refused{
		Error: &fault.Error{Code: fault.InvalidInput, Message: "the program asked for access in a wrong way: " + said.Get("error_description")},
		Name:  q.client.name, To: &to, Back: template.URL(back), // its scheme was checked: checkRedirect
	})
	return false
}

// refused is what the page shows about a request that was refused without asking.
type refused struct {
	Error *fault.Error
	Name  string       // of the client, where it is known
	To    *destination // nil: the person is led nowhere
	Back  template.URL
}

func (h *Handler) showRefused(c *gin.Context, r refused) {
	h.Pages.Show(c, problem.StatusOf(r.Error.Code), "refused", web.Page{Title: "Not connected", Alone: true, Data: r})
}

// clientIn names the client of a request that may be wrong.
func clientIn(c *gin.Context, q question) string {
	if q.clientKnown {
		return q.client.name
	}
	id := c.Request.URL.Query().Get("client_id")
	if isDocument(id) && checkAddress(id) == nil {
		return hostOf(id)
	}
	return "a program"
}
