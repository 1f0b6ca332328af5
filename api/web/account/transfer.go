package account

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"tickler/api/streamed"
	"tickler/api/web"
	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/transfer"
)

const (
	// maxImport is the largest form with a file, in bytes: that of REST, and what is
	// around the file.
	maxImport = 16<<20 + 8<<10
	// anyFile is the media type of a file whose content tells what it is.
	anyFile = "application/octet-stream"
	// rowsShown is how many tasks of a file the page names.
	rowsShown = 200
	// progressPause is how often the page tells how far an import has come.
	progressPause = 300 * time.Millisecond
)

// imported is what became of a file.
type imported struct {
	transfer.Report
	Told []transfer.Row // what needs to be read: what was skipped, and what has notes
	More int            // how many more of them there are
}

// export sends everything that the person has, as a file.
func (s *server) export(c *gin.Context, user person.Settings) error {
	document, err := s.Transfer.Export(c.Request.Context(), user)
	if err != nil {
		return err
	}
	c.Header("Content-Disposition", `attachment; filename="tickler-`+s.Now().In(user.Zone()).Format(time.DateOnly)+`.json"`)
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
	again := func(err error) error {
		return s.failed(c, user, web.Form{Values: map[string][]string{}}, tooLarge(err))
	}
	missing := fault.Invalid("file", "is missing; choose one")
	parts, err := c.Request.MultipartReader()
	if err != nil {
		return again(missing)
	}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) || err == nil && part.FormName() == "file" && part.FileName() == "" {
			return again(missing)
		}
		if err != nil {
			return again(unreadable(err))
		}
		if part.FormName() == "file" {
			return s.importPart(c, user, fault.Clip(part.FileName()), part, c.Query("do") != "import", again)
		}
	}
}

// importPart imports a file and tells how far it has come. If the file cannot be read,
// again shows why.
func (s *server) importPart(c *gin.Context, user person.Settings, name string, file io.Reader, dryRun bool, again func(error) error) error {
	var page *web.Growing
	var failed error
	told := time.Time{}
	report, err := s.Transfer.ImportTelling(c.Request.Context(), user, anyFile, file, dryRun, func(done, all int) {
		if page == nil && failed == nil {
			page, failed = s.Pages.Grow(c, "imported", web.Page{Title: "Import", Current: "/settings", Data: name})
		}
		if now := s.Now(); failed == nil && now.Sub(told) >= progressPause {
			told = now
			failed = page.Add("progress", map[string]int{"Done": done, "All": all})
		}
	})
	switch {
	case err != nil && page == nil:
		if e := invalid(err); e != nil {
			said := *e
			said.Field = "file"
			if what, named := strings.CutPrefix(said.Message, "body "); named {
				said.Message = "the file " + what
			}
			err = &said
		}
		return again(err)
	case failed != nil:
		_ = c.Error(failed) // the browser left, or the answer is cut off: what was done is done
		return nil
	case page == nil: // a file without tasks
		if page, err = s.Pages.Grow(c, "imported", web.Page{Title: "Import", Current: "/settings", Data: name}); err != nil {
			return err
		}
	}
	if err != nil {
		err = page.Add("stopped", map[string]any{"Report": report, "Error": s.Operations.Visible(c.Request.Context(), "import", err)})
	} else {
		err = page.Add("report", reportOf(report))
	}
	if err == nil {
		err = page.End()
	}
	if err != nil {
		_ = c.Error(err)
	}
	return nil
}

func reportOf(report transfer.Report) imported {
	done := imported{Report: report}
	for _, row := range report.Rows {
		switch {
		case row.Reason == "" && len(row.Notes) == 0:
		case len(done.Told) == rowsShown:
			done.More++
		default:
			done.Told = append(done.Told, row)
		}
	}
	return done
}

// unreadable is the error for a form that cannot be read.
func unreadable(err error) error {
	if large := tooLarge(err); large != err {
		return large
	}
	return fault.Invalid("file", "did not arrive as a browser sends it; choose it again, or give it a plain name")
}

// tooLarge is the error for a body that is too large, or err.
func tooLarge(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return fault.Invalid("file", "is larger than 16 MiB; split it")
	}
	return err
}
