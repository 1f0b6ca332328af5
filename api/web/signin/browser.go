package signin

import "strings"

// Browser names a browser as its person knows it, for example Firefox on Linux, by
// what it says of itself. It is shown and recorded, and nothing depends on it.
func Browser(userAgent string) string {
	name, system := first(userAgent, browsers), first(userAgent, systems)
	switch {
	case name == "" && system == "":
		return "a browser"
	case name == "":
		return "a browser on " + system
	case system == "":
		return name
	}
	return name + " on " + system
}

// Browsers call themselves by the names of those whose pages they can show too, so
// the order matters: the first that is found is the one.
var (
	browsers = [][2]string{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser", "Samsung Internet"}, {"Vivaldi", "Vivaldi"},
		{"FxiOS", "Firefox"}, {"Firefox/", "Firefox"}, {"CriOS", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"},
	}
	systems = [][2]string{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
		{"Windows", "Windows"}, {"Macintosh", "macOS"}, {"Linux", "Linux"},
	}
)

func first(text string, of [][2]string) string {
	for _, one := range of {
		if strings.Contains(text, one[0]) {
			return one[1]
		}
	}
	return ""
}
