package transfer

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"tickler/internal/fault"
	"tickler/internal/person"
)

const (
	// maxArchive is the largest ZIP, in bytes: it is held in memory, since its
	// directory stands at its end.
	maxArchive = 8 << 20
	// maxInArchive is how many files a ZIP may hold, and maxUnpacked how many bytes
	// those that are read may come to.
	maxInArchive = 2000
	maxUnpacked  = 16 << 20
)

var (
	errUnpacked = errors.New("what is in it is too large")
	directory   = []byte("PK\x01\x02") // begins the entry of a file in the directory
)

// readArchive reads what a ZIP holds: the projects of a backup of Todoist, one CSV
// each, the data.json of Vikunja, or any other files that could be sent by themselves.
func (s *Service) readArchive(user person.Settings, from io.Reader) (content, error) {
	arriving := &file{from: from, left: maxArchive + 1}
	packed, err := io.ReadAll(arriving)
	switch {
	case arriving.err != nil:
		return content{}, arriving.err
	case err != nil || len(packed) > maxArchive:
		return content{}, fault.Invalid("body", "is a ZIP of more than %d MiB", maxArchive>>20).WithHint("send the files with tasks that are in it, such as data.json, one by one")
	case bytes.Count(packed, directory) > maxInArchive:
		return content{}, tooMany("files", maxInArchive)
	}
	archive, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // names are only looked at
		return content{}, fault.Invalid("body", "is no ZIP that can be read: %s", fault.Clip(err.Error()))
	}
	all := content{same: map[[sha256.Size]byte]int{}}
	room := int64(maxUnpacked)
	for _, entry := range readable(archive.File) {
		if err := s.readEntry(user, entry, &room, &all); err != nil {
			return content{}, err
		}
	}
	if all.format == "" {
		if slices.ContainsFunc(archive.File, func(one *zip.File) bool { return one.Name == "[Content_Types].xml" }) {
			return content{}, fault.Invalid("body", "is a file of Excel or another Office program; save it as CSV")
		}
		return content{}, fault.Invalid("body", "is a ZIP without a file that can be imported; looked for are .csv, .ics and .json")
	}
	all.finish()
	return all, nil
}

// readable are the files that may hold tasks, by their names. Where one of them is the
// data of a whole export, there are no others.
func readable(files []*zip.File) (found []*zip.File) {
	for _, one := range files {
		name := strings.ToLower(path.Base(strings.ReplaceAll(one.Name, `\`, "/")))
		if strings.HasPrefix(name, ".") || strings.Contains(one.Name, "__MACOSX/") {
			continue
		}
		switch path.Ext(name) {
		case ".json":
			if name == "data.json" { // of Vikunja, beside filters.json
				return []*zip.File{one}
			}
			found = append(found, one)
		case ".csv", ".tsv", ".ics":
			found = append(found, one)
		}
	}
	// Notion writes each table twice: as it is shown, and with all of its rows.
	found = slices.DeleteFunc(found, func(one *zip.File) bool {
		whole := strings.TrimSuffix(one.Name, ".csv") + "_all.csv"
		return slices.ContainsFunc(found, func(other *zip.File) bool { return other.Name == whole })
	})
	slices.SortStableFunc(found, func(a, b *zip.File) int { return strings.Compare(a.Name, b.Name) })
	return found
}

// readEntry adds what a file of the archive holds to all.
func (s *Service) readEntry(user person.Settings, entry *zip.File, room *int64, all *content) error {
	name := path.Base(strings.ReplaceAll(entry.Name, `\`, "/"))
	unpacking, err := entry.Open()
	if err != nil {
		return fault.Invalid("body", "holds %q, which cannot be unpacked: %s", fault.Clip(name), fault.Clip(err.Error()))
	}
	defer func() { _ = unpacking.Close() }()
	bounded := &unpacked{from: unpacking, room: room}
	one := content{name: strings.TrimSuffix(name, path.Ext(name)), same: all.same}
	err = s.readText(user, "", bufio.NewReaderSize(bounded, shortLook), &one)
	e := (*fault.Error)(nil)
	switch {
	case bounded.full:
		return fault.Invalid("body", "is a ZIP that unpacks to more than %d MiB", maxUnpacked>>20).WithHint("send the files with tasks that are in it one by one")
	case bounded.err != nil:
		return fault.Invalid("body", "holds %q, which cannot be unpacked: %s", fault.Clip(name), fault.Clip(bounded.err.Error()))
	case errors.As(err, &e) && e.Code == fault.InvalidInput:
		all.note("%q was left out: %s", fault.Clip(name), fault.Clip(strings.TrimPrefix(e.Message, "body ")))
		return nil
	case err != nil:
		return err
	}
	if len(all.items)+len(one.items) > MaxTasks {
		return tooMany("tasks", MaxTasks)
	}
	if all.format == "" {
		all.format = one.format
	}
	if len(one.labels.categories)+len(one.labels.tags) > 0 || one.settings != nil {
		all.labels, all.settings = one.labels, one.settings
	}
	for _, note := range one.notes {
		all.note("%q: %s", fault.Clip(name), note)
	}
	before := len(all.items)
	for _, i := range one.items {
		i.row = len(all.items) + 1
		i.among.shift(before)
		all.items = append(all.items, i)
	}
	return nil
}

// unpacked bounds what all files of an archive come to.
type unpacked struct {
	from io.Reader
	room *int64
	full bool
	err  error
}

func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.from.Read(p)
	if *u.room -= int64(n); *u.room < 0 {
		u.full = true
		return 0, errUnpacked
	}
	if err != nil && !errors.Is(err, io.EOF) {
		u.err = err
	}
	return n, err
}
