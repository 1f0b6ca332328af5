package signin

import (
	"errors"
	"net/http"
	"net/mail"

	"github.com/gin-gonic/gin"

	"tickler/api/guard"
	"tickler/api/web"
	"tickler/internal/access"
	"tickler/internal/fault"
	"tickler/internal/person"
)

// showLink answers GET and HEAD of a link that signs a person in. It changes
// nothing: programs that scan mail follow links.
func (h *Handler) showLink(c *gin.Context) {
	name, err := h.Store.FindSignInLink(c.Request.Context(), person.HashSecret(c.Param("secret")))
	h.link(c, name, err)
}

// followLink answers POST of the same path: the button. The link works once.
func (h *Handler) followLink(c *gin.Context) {
	userID, err := h.Store.TakeSignInLink(c.Request.Context(), person.HashSecret(c.Param("secret")))
	if err != nil {
		h.link(c, "", err)
		return
	}
	onward, err := h.signIn(c, userID, access.MethodLink)
	if err != nil {
		h.Pages.Fail(c, "sign in", err)
		return
	}
	c.Redirect(http.StatusSeeOther, onward)
}

func (h *Handler) link(c *gin.Context, name string, err error) {
	status := http.StatusOK
	switch {
	case errors.Is(err, fault.ErrNotFound):
		h.Guard.Failed(c)
		status = http.StatusNotFound
	case err != nil:
		h.Pages.Fail(c, "sign in", err)
		return
	}
	h.Pages.Show(c, status, "link", web.Page{Title: "Sign in", Alone: true, Data: struct {
		Name string
		Kept bool
	}{name, h.Guard.Cookie(c, guard.CookieForm) != ""}})
}

// mailLink mails a link to an address, if somebody signs in there. The answer is the
// same if nobody does.
func (h *Handler) mailLink(c *gin.Context) {
	form := web.Form{Values: web.Posted(c)}
	address, err := mail.ParseAddress(form.Value("address"))
	switch {
	case h.PublicURL == "":
		form.Error = &fault.Error{Code: fault.Conflict, Field: "address", Message: "this server mails no links"}
	case err != nil || address.Name != "" || len(address.Address) > 254:
		form.Error = fault.Invalid("address", "is not an address of mail; for example ann@example.com")
	}
	if form.Error != nil {
		h.show(c, http.StatusBadRequest, form, false)
		return
	}
	if err := h.Store.MailSignInLink(c.Request.Context(), address.Address, h.PublicURL); err != nil {
		h.Pages.Fail(c, "mail a link", err)
		return
	}
	h.show(c, http.StatusOK, form, true)
}
