package transfer

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"io"
	"strings"

	"tickler/internal/fault"
	"tickler/internal/person"
)

// MediaTypes lists those that a file can be sent with. They say little about whose
// format it is, so that is recognised by the content.
func MediaTypes() []string {
	return []string{"application/json", "text/calendar", "text/csv", "text/tab-separated-values", "text/markdown", "application/zip", "application/x-zip-compressed", "application/octet-stream"}
}

// How many bytes at the beginning tell what a file is.
const (
	shortLook = 512
	longLook  = 32 << 10
)

// read reads a file of any format.
func (s *Service) read(user person.Settings, mediaType string, from io.Reader) (content, error) {
	text := bufio.NewReaderSize(from, longLook)
	begin, _ := text.Peek(shortLook)
	if bytes.HasPrefix(begin, []byte("PK\x03\x04")) || bytes.HasPrefix(begin, []byte("PK\x05\x06")) {
		return s.readArchive(user, text)
	}
	c := content{same: map[[sha256.Size]byte]int{}}
	if err := s.readText(user, mediaType, text, &c); err != nil {
		return content{}, err
	}
	c.finish()
	return c, nil
}

// readText reads a file that is no archive.
func (s *Service) readText(user person.Settings, mediaType string, from *bufio.Reader, c *content) error {
	begin, _ := from.Peek(shortLook)
	if err := refuseForeign(begin); err != nil {
		return err
	}
	plain := decoded(from, c)
	text := bufio.NewReaderSize(plain, longLook)
	f := &file{from: text}
	switch begin, _ := text.Peek(shortLook); kindOf(begin, mediaType) {
	case "json":
		return s.readJSON(user, f, text, c)
	case "calendar":
		return s.readCalendar(user, f, c)
	case "list":
		return readChecklist(f, c)
	default:
		return s.readTable(user, f, text, c)
	}
}

// kindOf tells JSON, iCalendar, lists and CSV apart by how the text begins, and where that
// says nothing by its media type.
func kindOf(begin []byte, mediaType string) string {
	begin = bytes.TrimLeft(begin, " \t\r\n")
	switch {
	case bytes.HasPrefix(begin, []byte("{")), bytes.HasPrefix(begin, []byte("[")) && !beginsList(begin): // but a box
		return "json"
	case len(begin) >= 6 && strings.EqualFold(string(begin[:6]), "BEGIN:"), mediaType == "text/calendar":
		return "calendar"
	case mediaType == "application/json":
		return "json"
	case mediaType == "text/markdown", beginsList(begin):
		return "list"
	}
	return "csv"
}

// Members by which JSON is recognised, of the outermost object or of the first one in
// an outermost array.
var (
	objectMembers = map[string]string{
		"format": documentFormat, "exported_at": documentFormat, "settings": documentFormat, "tasks": documentFormat, "categories": documentFormat, "tags": documentFormat,
		"kind": googleFormat, "items": googleFormat,
		"cards": trelloFormat, "idorganization": trelloFormat, "labelnames": trelloFormat,
		"value": microsoftFormat, "lists": microsoftFormat, "displayname": microsoftFormat, "@odata.context": microsoftFormat, "@odata.nextlink": microsoftFormat,
		"data": tasksOrgFormat, "timestamp": tasksOrgFormat,
		"identifier": vikunjaFormat, "hex_color": vikunjaFormat, "is_archived": vikunjaFormat, "parent_project_id": vikunjaFormat,
	}
	arrayMembers = map[string]string{
		"kind":        googleFormat,
		"displayname": microsoftFormat, "@odata.etag": microsoftFormat, "wellknownlistname": microsoftFormat, "importance": microsoftFormat, "duedatetime": microsoftFormat, "body": microsoftFormat,
		"identifier": vikunjaFormat, "hex_color": vikunjaFormat, "is_archived": vikunjaFormat, "parent_project_id": vikunjaFormat, "done": vikunjaFormat, "tasks": vikunjaFormat, "lists": vikunjaFormat, "owner": vikunjaFormat, "is_favorite": vikunjaFormat, "position": vikunjaFormat,
	}
)

// trelloFormat is recognised and not read.
const trelloFormat = "trello"

// formatOf tells whose JSON begins so, "" if that is not known.
func formatOf(begin []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(begin))
	token, err := decoder.Token()
	members := objectMembers
	if token == json.Delim('[') {
		members = arrayMembers
		token, err = decoder.Token()
	}
	if err != nil || token != json.Delim('{') {
		return ""
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return ""
		}
		if text, ok := name.(string); ok && members[strings.ToLower(text)] != "" {
			return members[strings.ToLower(text)]
		}
		for depth := 0; ; {
			token, err := decoder.Token()
			switch {
			case err != nil:
				return ""
			case token == json.Delim('{') || token == json.Delim('['):
				depth++
			case token == json.Delim('}') || token == json.Delim(']'):
				depth--
			}
			if depth == 0 {
				break
			}
		}
	}
	return ""
}

// readJSON reads JSON of any program.
func (s *Service) readJSON(user person.Settings, f *file, text *bufio.Reader, c *content) error {
	begin, _ := text.Peek(longLook)
	format := formatOf(begin)
	if format == "" && bytes.HasPrefix(bytes.TrimSpace(begin), []byte("[")) {
		return fault.Invalid("body", "is a list of things that are not known here; allowed are exports of %s", strings.Join(Formats(), ", "))
	}
	if format == trelloFormat {
		return fault.Invalid("body", "is JSON of Trello, which cannot be imported").WithHint("export the board there as CSV, or write its cards as a list, each on a line such as - [ ] Buy milk")
	}
	read, others := map[string]func(*jsonFile) error{
		googleFormat: (*jsonFile).readGoogle, microsoftFormat: (*jsonFile).readMicrosoft, tasksOrgFormat: (*jsonFile).readTasksOrg, vikunjaFormat: (*jsonFile).readVikunja,
	}[format]
	j := newJSONFile(f, c, user, s.now())
	if !others {
		return j.readDocument()
	}
	c.format = format
	err := read(j)
	if err == nil {
		err = j.end()
	}
	if err != nil {
		return f.refuse(err, "is not what "+format+" exports: %s")
	}
	return nil
}

// Formats lists the programs and formats that can be imported.
func Formats() []string {
	return []string{documentFormat, calendarFormat, todoistFormat, tickTickFormat, googleFormat, microsoftFormat, tasksOrgFormat, vikunjaFormat, tableFormat, checklistFormat}
}

// finish gives each task what could only be known at the end: which others it belongs
// to, and the name of its list.
func (c *content) finish() { c.relate() }
