package process

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
)

const (
	lastLines = 10       // kept to show when a process dies
	maxLine   = 64 << 10 // a longer one is cut in two
)

// Log takes what a process prints: each line goes to a file as it is and to the
// console behind the name of the process, unless it is among those that are not
// printed; and the last ones are kept.
type Log struct {
	mu      sync.Mutex
	file    *os.File
	console *Console
	name    string
	partial []byte
	last    []string
	// unprinted lines contain one of these.
	unprinted []string
}

// NewLog begins the log file at path. The one that was there before, from the
// last run, is kept beside it as path.1. Lines that contain one of the texts unprinted
// do not reach the console.
func NewLog(path, name string, console *Console, unprinted ...string) (*Log, error) {
	if err := os.Rename(path, path+".1"); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	return &Log{file: file, console: console, name: name, unprinted: unprinted}, nil
}

// Write takes output of the process.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.partial = append(l.partial, p...)
	for {
		end := bytes.IndexByte(l.partial, '\n')
		if end < 0 {
			if len(l.partial) < maxLine {
				return len(p), nil
			}
			end = maxLine - 1
		}
		l.line(string(bytes.TrimRight(l.partial[:end+1], "\r\n")))
		l.partial = l.partial[end+1:]
	}
}

// Say adds one line.
func (l *Log) Say(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line(text)
}

// Note adds a line of the supervisor's own among those of the process.
func (l *Log) Note(format string, args ...any) {
	l.Say("(" + fmt.Sprintf(format, args...) + ")")
}

func (l *Log) line(text string) {
	// A full disk must not stop the process that prints.
	_, _ = l.file.WriteString(text + "\n")
	l.last = append(l.last, text)
	if len(l.last) > lastLines {
		l.last = l.last[1:]
	}
	if !slices.ContainsFunc(l.unprinted, func(part string) bool { return strings.Contains(text, part) }) {
		l.console.Print(l.name, text)
	}
}

// Last returns the last lines, oldest first.
func (l *Log) Last() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := slices.Clone(l.last)
	if len(l.partial) > 0 {
		last = append(last, string(l.partial))
	}
	return last
}

// Close closes the file. Nothing may be written afterwards.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}

// Console shares one writer between many logs, a whole line at a time.
type Console struct {
	mu    sync.Mutex
	out   io.Writer
	width int
	alone string // the only name whose lines are printed, "" for all
}

// Only prints the lines of one name alone, until it is called with "".
func (c *Console) Only(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.alone = name
}

// NewConsole writes to out, with names padded to width. A nil out drops all.
func NewConsole(out io.Writer, width int) *Console {
	if out == nil {
		out = io.Discard
	}
	return &Console{out: out, width: width}
}

// Print writes one line behind a name.
func (c *Console) Print(name, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.alone == "" || c.alone == name {
		fmt.Fprintf(c.out, "%-*s | %s\n", c.width, name, text)
	}
}
