package oauth

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"tickler/api/guard"
)

// maxRedirect bounds a redirect URI, in bytes.
const maxRedirect = 2000

var (
	privateScheme = regexp.MustCompile(`^[a-z][a-z0-9+.-]{1,60}$`)
	hostAndPort   = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?$`)
	// knownApps have schemes that are no domain turned around, though RFC 8252 wants
	// one. Systems open programs of their own by such schemes (ms-word:, search:), so
	// others are refused.
	knownApps = []string{
		"antigravity", "claude", "code-oss", "cursor", "goose", "kiro", "raycast", "trae", "vscode", "vscode-insiders", "vscodium", "warp", "windsurf", "zed",
	}
)

// checkRedirect returns what is wrong with a redirect URI: https, http to the machine
// itself, or the scheme of an app, which is a domain turned around or one of knownApps.
// RFC 8252, section 7.
func checkRedirect(uri string) error {
	if uri == "" || len(uri) > maxRedirect {
		return errors.New("a redirect URI has 1 to 2000 characters")
	}
	if strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\"<>\\^`{|}", r) }) {
		return errors.New("a redirect URI has characters that a URI cannot have")
	}
	u, err := url.Parse(uri)
	if err != nil || u.Scheme == "" {
		return errors.New("a redirect URI must be whole, for example https://app.example/callback")
	}
	switch {
	case strings.Contains(uri, "#"):
		return errors.New("a redirect URI has no fragment")
	case u.User != nil:
		return errors.New("a redirect URI has no user")
	case u.Scheme == "https" && !hostAndPort.MatchString(u.Host):
		return errors.New("a redirect URI has a host, for example https://app.example/callback")
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && hostAndPort.MatchString(u.Host) && guard.Loopback(u.Hostname()):
		return nil
	case u.Scheme == "http":
		return errors.New("a redirect URI begins with https://, or leads to the machine itself, for example http://127.0.0.1/callback")
	case !privateScheme.MatchString(u.Scheme) || !strings.Contains(u.Scheme, ".") && !slices.Contains(knownApps, u.Scheme):
		return errors.New("a redirect URI of an app has a domain turned around as its scheme, for example com.example.app:/callback (RFC 8252), or is of " + strings.Join(knownApps, ", "))
	case u.Host != "" && !hostAndPort.MatchString(u.Host):
		return errors.New("a redirect URI has a host that is none")
	}
	return nil
}

// registered reports whether a client may lead a person to a URI. It must be one of the
// client's to the letter, except for the port of a URI on loopback, which a program
// cannot choose beforehand. RFC 8252, section 7.3.
func registered(redirects []string, uri string) bool {
	if checkRedirect(uri) != nil {
		return false
	}
	return slices.Contains(redirects, uri) || slices.ContainsFunc(redirects, func(known string) bool {
		given, isLocal := withoutPort(uri)
		also, wasLocal := withoutPort(known)
		return isLocal && wasLocal && given == also
	})
}

// withoutPort removes the port of a URI on loopback.
func withoutPort(uri string) (rest string, local bool) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" || !guard.Loopback(u.Hostname()) {
		return "", false
	}
	path, ok := strings.CutPrefix(uri, "http://"+u.Host)
	return u.Hostname() + " " + path, ok
}

// destination is where a redirect URI leads, as a person is told.
type destination struct {
	Name  string // a host, or a scheme with its colon
	Local bool   // a program on the person's own machine
	App   bool   // an app that has this scheme
	// Source is the destination in a Content-Security-Policy.
	Source string
}

func destinationOf(redirect string) destination {
	u, err := url.Parse(redirect)
	if err != nil {
		return destination{}
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return destination{Name: u.Scheme + ":", App: true, Source: u.Scheme + ":"}
	}
	return destination{Name: u.Host, Local: guard.Loopback(u.Hostname()), Source: u.Scheme + "://" + u.Host}
}
