package main

import "slices"

// What opens a route of the page.
type opens string

const (
	withSession opens = "a session"
	signingIn   opens = "nothing: it is where sessions come from"
	anybody     opens = "nothing: it holds nothing of anybody's"
	notThePage  opens = "it is no route of the page"
)

// door tells what opens a path. A path that is not listed is no route of the page,
// and TestEveryRouteIsGuarded asks what it is.
func door(path string) opens {
	switch {
	case path == "/assets/:file":
		return anybody
	case slices.Contains([]string{
		"/sign-in", "/sign-in/link/:secret", "/sign-in/mail", "/sign-in/passkey/begin", "/sign-in/passkey/finish", "/sign-in/with/:issuer", "/sign-in/back",
	}, path):
		return signingIn
	case slices.Contains([]string{
		"/", "/upcoming", "/tasks", "/search", "/category/:id", "/category/:id/rename", "/category/:id/delete", "/tag/:id", "/tag/:id/rename", "/tag/:id/delete",
		"/task/:id", "/task/:id/edit", "/task/:id/remind", "/task/:id/complete", "/task/:id/reopen", "/task/:id/delete", "/task/:id/skip", "/task/:id/place", "/task/:id/part", "/task/:id/comment",
		"/add", "/add/understand", "/several", "/live", "/activity", "/activity/undo", "/undo", "/reopen",
		"/sign-in/kept", "/sign-out", "/connections", "/connections/tokens", "/connections/tokens/end", "/oauth/authorize",
		"/settings", "/settings/channels/add", "/settings/channels/test", "/settings/channels/remove", "/settings/channels/sign-in", "/settings/calendar",
		"/settings/passkeys/begin", "/settings/passkeys/finish", "/settings/passkeys/rename", "/settings/passkeys/remove",
		"/settings/browsers/end", "/settings/browsers/end-others", "/settings/export", "/settings/import",
	}, path):
		return withSession
	}
	return notThePage
}
