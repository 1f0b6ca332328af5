// Package confirmation serves the links in confirmation mails: a page with a button
// that confirms an address of mail.
package confirmation

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"html/template"
	"net/http"

	"github.com/gin-gonic/gin"

	"tickler/api/problem"
	"tickler/internal/fault"
)

//go:embed page.html
var page string

var pages = template.Must(template.New("page").Parse(page))

// Addresses are where secrets of links are looked up: person.Service.
type Addresses interface {
	Confirmation(ctx context.Context, secret string) (address string, err error)
	Confirm(ctx context.Context, secret string) (address string, err error)
}

// Handler answers requests for links.
type Handler struct {
	addresses Addresses
	// visible makes of an error what a caller may see: operation.Operations.Visible.
	visible func(ctx context.Context, what string, err error) *fault.Error
}

// New makes a handler.
func New(addresses Addresses, visible func(context.Context, string, error) *fault.Error) *Handler {
	return &Handler{addresses: addresses, visible: visible}
}

// Ask answers GET and HEAD of a path whose parameter secret is that of a link. It
// changes nothing: programs that scan mail follow links.
func (h *Handler) Ask(c *gin.Context) {
	address, err := h.addresses.Confirmation(c.Request.Context(), c.Param("secret"))
	h.answer(c, address, false, err)
}

// Confirm answers POST of the same path: the button.
func (h *Handler) Confirm(c *gin.Context) {
	address, err := h.addresses.Confirm(c.Request.Context(), c.Param("secret"))
	h.answer(c, address, true, err)
}

func (h *Handler) answer(c *gin.Context, address string, confirmed bool, err error) {
	status := http.StatusOK
	switch {
	case errors.Is(err, fault.ErrNotFound):
		status = http.StatusNotFound
	case err != nil:
		problem.Refuse(c, h.visible(c.Request.Context(), "confirmation", err))
		return
	}
	var text bytes.Buffer
	if err := pages.Execute(&text, map[string]any{"Address": address, "Confirmed": confirmed}); err != nil {
		problem.Refuse(c, h.visible(c.Request.Context(), "confirmation", err))
		return
	}
	c.Header("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	// With no-referrer, browsers would send the form with the Origin null. To other
	// sites this sends no more than that.
	c.Header("Referrer-Policy", "same-origin")
	c.Header("X-Robots-Tag", "noindex")
	c.Data(status, "text/html; charset=utf-8", text.Bytes())
}
