package access_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"tickler/internal/access"
)

// Whatever stands in the header, nothing breaks, nobody is let in, and a token
// that is taken from it can be sent on.
func FuzzBearer(f *testing.F) {
	for _, seed := range []string{"", "Bearer", "Bearer ", "Bearer x", "bearer  tkl_x ", "Basic eDp5", "Bearer a b", "Bearer \x00", "Bearer a\r\nX: y", "Bearer é", "Bearer eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0.", "Bearer ..", "Bearer " + strings.Repeat("a", 9000)} {
		f.Add(seed)
	}
	issuers := access.NewIssuers(f.Context(), access.Trust{Issuers: []string{"https://id.invalid"}, Audiences: []string{resource}, Algorithms: []string{"RS256"}}, time.Now, slog.New(slog.DiscardHandler))
	checker := access.NewChecker(newShelf(), issuers, time.Now, slog.New(slog.DiscardHandler))
	f.Fuzz(func(t *testing.T, header string) {
		token, ok := access.ParseBearer(header)
		if !ok {
			if token != "" {
				t.Errorf("%q is refused and gives %q", header, token)
			}
			return
		}
		if strings.ContainsAny(token, " \t\r\n\x00\"") || token == "" {
			t.Errorf("%q gives %q", header, token)
		}
		if _, err := checker.Check(t.Context(), token); !errors.Is(err, access.ErrInvalid) && !errors.Is(err, access.ErrIssuerAway) {
			t.Errorf("%q: %v", header, err)
		}
	})
}

func FuzzScopes(f *testing.F) {
	for _, seed := range []string{"", "tasks:read", "tasks:read,tasks:write", "admin root", ",,,", "TASKS:READ", "tasks:read\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		scopes, err := access.ParseScopes(text)
		if err == nil && len(scopes) == 0 {
			t.Errorf("%q gives no scope and no error", text)
		}
		for _, s := range scopes {
			if !strings.Contains(text, string(s)) {
				t.Errorf("%q gives %s", text, s)
			}
		}
	})
}
