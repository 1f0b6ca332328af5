package oauth

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// Whatever a client names, a person is only led to https, to their own machine, or to
// an app; nothing of it gets into a header.
func FuzzRedirect(f *testing.F) {
	for _, seed := range []string{
		"https://app.example/callback", "http://127.0.0.1:1/", "http://[::1]:1/x", "http://localhost/", "com.example.app:/oauth", "cursor://anysphere.cursor-retrieval/oauth/x",
		"ms-word:ofe", "search:query", "javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:,x", " https://a/", "https://a;b/", "https://a\r\nx: y/", "http://127.0.0.1@evil.example/", "//evil.example", "https:evil", "https:///x", "x:", "http://127.1/", "http://0x7f.1/", "https://é/",
	} {
		f.Add(seed, "http://127.0.0.1/")
	}
	f.Fuzz(func(t *testing.T, uri, known string) {
		if registered([]string{known}, uri) && uri != known {
			given, local := withoutPort(uri)
			also, _ := withoutPort(known)
			if !local || given != also {
				t.Errorf("%q passes for %q", uri, known)
			}
		}
		if checkRedirect(uri) != nil {
			return
		}
		u, err := url.Parse(uri)
		if err != nil || u.Scheme == "" || strings.ContainsAny(uri, "\r\n\t \"<>#") {
			t.Fatalf("%q is taken", uri)
		}
		to := destinationOf(uri)
		switch {
		case u.Scheme == "http" && !to.Local:
			t.Errorf("%q leads to another machine over plain HTTP", uri)
		case to.Source == "" || strings.ContainsAny(to.Source, " ;,'*"):
			t.Errorf("%q becomes %q in a policy", uri, to.Source)
		}
		if to.App && !strings.Contains(u.Scheme, ".") && !slices.Contains(knownApps, u.Scheme) {
			t.Errorf("%q opens what is no known app", uri)
		}
	})
}

// Whatever a document says, it describes the client at its address and nobody else.
func FuzzClientDocument(f *testing.F) {
	const id = "https://app.example/client.json"
	for _, seed := range []string{
		`{"client_id":"` + id + `","redirect_uris":["https://app.example/"]}`, `{"client_id":"` + id + `","client_name":"a\u202eb","redirect_uris":["x:y"]}`, `{`, `null`, `[]`, `{"redirect_uris":null}`,
		`{"client_id":"` + id + `","CLIENT_ID":"https://evil.example/","redirect_uris":["https://app.example/"]}`, strings.Repeat("[", 5000),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		one, err := parseDocument(id, text)
		if err != nil {
			return
		}
		if one.id != id || one.vouched != "app.example" || one.name == "" || len(one.redirects) == 0 {
			t.Errorf("%q gives %+v", text, one)
		}
		for _, redirect := range one.redirects {
			if err := checkRedirect(redirect); err != nil {
				t.Errorf("%q gives %q: %v", text, redirect, err)
			}
		}
	})
}

// Whatever stands for the address of a document, only https with a host and a path is
// asked.
func FuzzDocumentAddress(f *testing.F) {
	for _, seed := range []string{"https://app.example/client.json", "https://a/../b", "https://a/%2e%2e/b", "https://a b/c", "https://a@b/c", "https://[::1]/c", "https://a/#c", "https://a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		if checkAddress(id) != nil {
			return
		}
		u, err := url.Parse(id)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.Path == "" || u.User != nil || u.Fragment != "" || len(id) > maxAddress || hostOf(id) == "" {
			t.Errorf("%q is asked", id)
		}
	})
}
