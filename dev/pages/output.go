package pages

import (
	"regexp"
	"strings"
)

// shows reports whether what was printed has the lines that a page shows, one behind
// the other. … stands for whatever varies in a line; a line of nothing else stands for
// any number of lines.
func shows(printed, shown string) bool {
	var pattern strings.Builder
	pattern.WriteString(`(?m)^`)
	lines := strings.Split(strings.TrimSpace(shown), "\n")
	for i, line := range lines {
		if strings.TrimSpace(line) == "…" {
			pattern.WriteString(`(?:.*\n)*?`)
			continue
		}
		for j, part := range strings.Split(strings.TrimRight(line, " \t"), "…") {
			if j > 0 {
				pattern.WriteString(`.*?`)
			}
			pattern.WriteString(regexp.QuoteMeta(part))
		}
		pattern.WriteString(`[ \t\r]*$`)
		if i < len(lines)-1 {
			pattern.WriteString(`\n`)
		}
	}
	found, err := regexp.MatchString(pattern.String(), strings.TrimRight(printed, "\n")+"\n")
	return err == nil && found
}

// refusal is an error that api answers with, whatever the status of the command.
var refusal = regexp.MustCompile(`"code": ?"[A-Z_]+"|"isError": ?true|command not found|^curl: \(`)

// unexpected is an error in what was printed that the page does not show.
func unexpected(printed, shown string) string {
	for _, found := range refusal.FindAllString(printed, -1) {
		if !strings.Contains(shown, found) {
			return found
		}
	}
	return ""
}
