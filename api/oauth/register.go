package oauth

import (
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"

	"tickler/api/problem"
	"tickler/internal/fault"
	"tickler/internal/limit"
)

// descriptions bounds what is decoded of what clients say of themselves.
var descriptions = limit.JSON{Depth: 8, Items: 200, Values: 1000}

// register stores a client that describes itself. It is given an id and no secret,
// whatever it asks for: RFC 7591, section 3.2.1 lets a server choose.
func (h *Handler) register(c *gin.Context) {
	refuse := func(code, description string) {
		c.AbortWithStatusJSON(http.StatusBadRequest, gin.H{"error": code, "error_description": description})
	}
	body, err := c.GetRawData()
	if err != nil {
		problem.RefuseAs(c, http.StatusRequestEntityTooLarge, &fault.Error{Code: fault.InvalidInput, Message: "the body is too large; at most 16 KiB are allowed"})
		return
	}
	var d described
	if err := descriptions.Check(body); err != nil || json.Unmarshal(body, &d) != nil {
		refuse("invalid_client_metadata", "the body must be a JSON object as RFC 7591 describes it")
		return
	}
	if redirect, err := d.check(); err != nil {
		code := "invalid_client_metadata"
		if redirect {
			code = "invalid_redirect_uri"
		}
		refuse(code, err.Error())
		return
	}
	id := newClientID()
	added, err := h.Store.AddClient(c.Request.Context(), id, d.Name, d.Redirects)
	if err == nil && !added {
		c.Header("Retry-After", "600")
		err = fault.Busy("too many clients are registering at the moment")
	}
	if err != nil {
		problem.Refuse(c, h.Visible(c.Request.Context(), "register a client", err))
		return
	}
	c.JSON(http.StatusCreated, gin.H{
		"client_id": id, "client_id_issued_at": h.Now().Unix(), "client_name": d.Name, "redirect_uris": d.Redirects,
		"token_endpoint_auth_method": "none", "grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"},
	})
}
