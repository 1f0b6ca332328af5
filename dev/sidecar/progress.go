package sidecar

import (
	"bytes"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// every is how often a build that takes long says how far it is.
const every = 15 * time.Second

// progress counts what `go build -v` says: a line for each module that it downloads and
// each package that it compiles. Anything else is an error of the compiler.
type progress struct {
	mu                   sync.Mutex
	partial              []byte
	downloaded, compiled int
	other                []string
	next                 time.Time
	say                  func(string, ...any)
}

// follow makes what a build prints tell how far it is.
func follow(build *exec.Cmd, say func(string, ...any)) *progress {
	p := &progress{say: say, next: time.Now().Add(every)}
	build.Stdout, build.Stderr = p, p
	return p
}

func (p *progress) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.partial = append(p.partial, text...)
	for {
		line, rest, whole := bytes.Cut(p.partial, []byte("\n"))
		if !whole {
			break
		}
		p.partial = rest
		p.line(string(line))
	}
	if now := time.Now(); now.After(p.next) {
		p.next = now.Add(every)
		if p.compiled == 0 {
			p.say("… %d modules downloaded", p.downloaded)
		} else {
			p.say("… %d packages compiled", p.compiled)
		}
	}
	return len(text), nil
}

func (p *progress) line(line string) {
	switch {
	case strings.HasPrefix(line, "go: downloading "):
		p.downloaded++
	case !strings.ContainsAny(line, " :#"):
		p.compiled++
	default:
		p.other = append(p.other, line)
	}
}

// errors is what was printed that is no progress.
func (p *progress) errors() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(append(p.other, string(p.partial)), "\n")
}
