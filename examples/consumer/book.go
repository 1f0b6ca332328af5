package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"
)

// line is what the program does about an event: it writes this.
type line struct {
	ID      string `json:"id"`
	At      string `json:"at"`
	UserID  int64  `json:"user_id"`
	TaskID  int64  `json:"task_id"`
	Version int    `json:"task_version"`
	What    string `json:"what"`
}

// book is a file of lines. Events are delivered at least once, and the effect must
// happen once, so the effect and the memory of it have to be one write: here they
// are the same line. In a database, insert the event's id under a unique constraint
// in the transaction of the effect.
type book struct {
	mu   sync.Mutex // daprd delivers events of different partitions side by side
	file *os.File
	size int64
	ids  map[string]bool
}

// openBook opens the file at path, or makes it.
func openBook(path string) (*book, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	b := &book{file: file, ids: map[string]bool{}}
	for text := text; ; {
		one, rest, whole := bytes.Cut(text, []byte("\n"))
		if !whole {
			break // a crash cut this line off: its event comes again
		}
		var l line
		if err := json.Unmarshal(one, &l); err != nil {
			return nil, fmt.Errorf("%s, at byte %d: %w", path, b.size, err)
		}
		b.ids[l.ID] = true
		b.size += int64(len(one)) + 1
		text = rest
	}
	return b, b.rewind()
}

// Add writes a line, unless one with its id is there. After an error nothing is
// written.
func (b *book) Add(l line) (repeated bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ids[l.ID] {
		return true, nil
	}
	text, err := json.Marshal(l)
	if err != nil {
		return false, err
	}
	text = append(text, '\n')
	if _, err = b.file.Write(text); err == nil {
		err = b.file.Sync() // before the sidecar is told that it is done
	}
	if err != nil {
		_ = b.rewind()
		return false, err
	}
	b.ids[l.ID] = true
	b.size += int64(len(text))
	return false, nil
}

// rewind takes away what is behind the last whole line.
func (b *book) rewind() error {
	if err := b.file.Truncate(b.size); err != nil {
		return err
	}
	_, err := b.file.Seek(b.size, io.SeekStart)
	return err
}

func (b *book) Close() error { return b.file.Close() }
