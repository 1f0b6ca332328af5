// Package port finds TCP ports on the loopback interface for the parts of a
// stack, and says who is in the way.
package port

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"time"
)

// Host is the only interface that the local stack listens on.
const Host = "127.0.0.1"

// Free ports are picked below the range from which Linux (32768 and up) and
// macOS (49152 and up) take ports for outgoing connections: those could be
// gone before, or while, the part that they are for is restarted.
const (
	lowest  = 20000
	highest = 32000
)

// BusyError is a port that something else listens on.
type BusyError struct {
	Port   int
	Holder string // who listens there, when that could be found out
}

func (e *BusyError) Error() string {
	if e.Holder == "" {
		return fmt.Sprintf("port %d is in use", e.Port)
	}
	return fmt.Sprintf("port %d is in use by %s", e.Port, e.Holder)
}

// Check returns a *BusyError when port cannot be listened on.
func Check(port int) error {
	address := Address(port)
	// On some systems a loopback address can be bound although something
	// listens on all addresses: ask for an answer too.
	if conn, err := net.DialTimeout("tcp", address, time.Second); err == nil {
		_ = conn.Close()
		return &BusyError{Port: port, Holder: holder(port)}
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return &BusyError{Port: port, Holder: holder(port)}
	}
	return listener.Close()
}

// Address of a port on the loopback interface.
func Address(port int) string { return net.JoinHostPort(Host, strconv.Itoa(port)) }

// handed are the ports that this process has handed out. A port is free until
// the part that it is for listens on it, so that stacks which start at the same
// time would pick the same ones.
var handed struct {
	sync.Mutex
	ports map[int]bool
}

// hand notes that port is handed out, and tells whether it was not before.
func hand(port int) bool {
	handed.Lock()
	defer handed.Unlock()
	if handed.ports[port] {
		return false
	}
	if handed.ports == nil {
		handed.ports = map[int]bool{}
	}
	handed.ports[port] = true
	return true
}

// Picker hands out free ports: none of them twice, and of those that it chooses
// itself none that another Picker of this process has handed out.
type Picker struct{ taken map[int]bool }

// NewPicker returns a Picker that hands out none of the ports reserved.
func NewPicker(reserved ...int) *Picker {
	p := &Picker{taken: map[int]bool{}}
	for _, port := range reserved {
		p.taken[port] = true
	}
	return p
}

// Pick returns wanted when it is free, else (and for 0) another port that is.
func (p *Picker) Pick(wanted int) (int, error) {
	candidate := wanted
	for range 200 {
		if candidate != 0 && !p.taken[candidate] && Check(candidate) == nil && (hand(candidate) || candidate == wanted) {
			p.taken[candidate] = true
			return candidate, nil
		}
		candidate = lowest + rand.IntN(highest-lowest)
	}
	return 0, fmt.Errorf("no free port found between %d and %d", lowest, highest)
}
