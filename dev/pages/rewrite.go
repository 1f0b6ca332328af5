package pages

import (
	"os"
	"strings"
)

// Rewrite puts into the console blocks of the page at path what their commands print, in
// the working directory.
func Rewrite(path, work string, environment []string) error {
	blocks, err := Read(path)
	if err != nil {
		return err
	}
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	s, err := openShell(work, environment)
	if err != nil {
		return err
	}
	defer s.close()
	page := string(source)
	for _, b := range blocks {
		if b.Language != "console" {
			continue
		}
		var written strings.Builder
		for _, c := range b.commands() {
			printed, _, err := s.paste(c.line)
			if err != nil {
				return err
			}
			written.WriteString("$ " + c.line + "\n" + strings.TrimRight(printed, "\n") + "\n")
		}
		page = strings.Replace(page, "```console\n"+b.Text, "```console\n"+written.String(), 1)
	}
	return os.WriteFile(path, []byte(page), 0o644)
}
