package web_test

import (
	"net/url"
	"strings"
	"testing"

	"tickler/api/web"
)

// FuzzLocal: wherever a cookie or a form says that a person goes on, they stay on this
// server. Browsers take \ for / and skip tabs and line ends.
func FuzzLocal(f *testing.F) {
	for _, seed := range []string{"/tasks?q=x#y", "//evil.example", `/\evil.example`, "https://evil.example", "/\t/evil.example", "javascript:alert(1)", "/%2F%2Fevil.example", "/a//b", "", "?", "/é"} {
		f.Add(seed)
	}
	here, err := url.Parse("https://tickler.example.com/sign-in")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, to string) {
		local := web.Local(to)
		asBrowsers := strings.NewReplacer(`\`, "/", "\t", "", "\r", "", "\n", "").Replace(strings.TrimSpace(local))
		led, err := here.Parse(asBrowsers)
		if err != nil || led.Host != here.Host || led.Scheme != here.Scheme || strings.HasPrefix(asBrowsers, "//") || strings.ContainsAny(local, "\r\n") {
			t.Fatalf("%q leads to %q", to, local)
		}
		if again := web.Local(local); again != local {
			t.Fatalf("%q becomes %q and then %q", to, local, again)
		}
	})
}
