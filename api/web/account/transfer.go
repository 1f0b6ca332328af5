package account

import (
	"bufio"
	"errors"
	"mime/multipart"
	"net/http"
	"path"
	"strings"

	"github.com/gin-gonic/gin"

	"tickler/api/streamed"
	"tickler/api/web"
	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/transfer"
)

// maxImport is the largest form with a file, in bytes: that of REST, and what is
// around the file.
const maxImport = 16<<20 + 8<<10

// imported is what became of a file.
type imported struct {
	File string
	transfer.Report
	Told []transfer.Row // what needs to be read: what was skipped, and what has notes
	More int            // how many more of them there are
}

// rowsShown is how many tasks of a file the page names.
const rowsShown = 200

// kinds are the media types of files by their names.
var kinds = map[string]string{".json": "application/json", ".csv": "text/csv", ".ics": "text/calendar"}

// export sends everything that the person has, as a file.
func (s *server) export(c *gin.Context, user person.Settings) error {
	document, err := s.Transfer.Export(c.Request.Context(), user)
	if err != nil {
		return err
	}
	c.Header("Content-Disposition", `attachment; filename="tickler-`+s.Now().In(user.Zone()).Format("2006-01-02")+`.json"`)
	c.Header("Content-Type", "application/json")
	c.Status(http.StatusOK)
	if err := streamed.Answer(c.Request.Context(), c.Writer, func(to *bufio.Writer) error { return document.Write(to) }); err != nil {
		_ = c.Error(err) // the answer has begun: it is cut off
	}
	return nil
}

// importFile brings in a file, or tells what would become of it. The file is read as
// it arrives.
func (s *server) importFile(c *gin.Context, user person.Settings) error {
	parts, err := c.Request.MultipartReader()
	if err != nil {
		return fault.Invalid("file", "is missing; choose one")
	}
	dryRun := c.Query("do") != "import"
	for {
		part, err := parts.NextPart()
		if err != nil {
			return s.failed(c, user, web.Form{Values: map[string][]string{}}, tooLarge(err, fault.Invalid("file", "is missing; choose one")))
		}
		if part.FormName() != "file" {
			continue
		}
		if part.FileName() == "" {
			return s.failed(c, user, web.Form{Values: map[string][]string{}}, fault.Invalid("file", "is missing; choose one"))
		}
		return s.importPart(c, user, part, dryRun)
	}
}

func (s *server) importPart(c *gin.Context, user person.Settings, part *multipart.Part, dryRun bool) error {
	kind := kinds[strings.ToLower(path.Ext(part.FileName()))]
	if kind == "" {
		return s.failed(c, user, web.Form{Values: map[string][]string{}},
			fault.Invalid("file", "%q is of no kind that is known; allowed are .json (of Tickler), .csv (of Todoist) and .ics (iCalendar)", fault.Clip(part.FileName())))
	}
	report, err := s.Transfer.Import(c.Request.Context(), user, kind, part, dryRun)
	if err != nil {
		if e := invalid(err); e != nil {
			said := *e
			said.Field = "file"
			err = &said
		}
		return s.failed(c, user, web.Form{Values: map[string][]string{}}, tooLarge(err, err))
	}
	done := &imported{File: fault.Clip(part.FileName()), Report: report}
	for _, row := range report.Rows {
		if row.Reason == "" && len(row.Notes) == 0 {
			continue
		}
		if len(done.Told) == rowsShown {
			done.More++
			continue
		}
		done.Told = append(done.Told, row)
	}
	return s.showSettings(c, http.StatusOK, user, settingsData{Imported: done})
}

// tooLarge is the error for a body that is too large, or another one.
func tooLarge(err, other error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return fault.Invalid("file", "is larger than 16 MiB; split it")
	}
	return other
}
