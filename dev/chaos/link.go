package chaos

import (
	"net"
	"sync"
)

// link is a proxy between a part and another that it reaches over the network. What
// is cut resets connections and refuses new ones; what is silent keeps them and passes
// nothing on, as a network does that drops packets.
type link struct {
	to       string
	listener net.Listener

	mu     sync.Mutex
	cut    bool
	silent chan struct{} // closed when it passes on again; nil when it does
	open   map[net.Conn]bool
}

func newLink(to string) (*link, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l := &link{to: to, listener: listener, open: map[net.Conn]bool{}}
	go l.accept()
	return l, nil
}

func (l *link) address() string { return l.listener.Addr().String() }

func (l *link) close() {
	_ = l.listener.Close()
	l.reset(false)
}

// reset breaks every connection; more are refused as long as it is cut.
func (l *link) reset(cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = cut
	for c := range l.open {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = c.Close()
	}
	clear(l.open)
}

func (l *link) silence() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.silent == nil {
		l.silent = make(chan struct{})
	}
}

// restore lets everything through again, what was held back first.
func (l *link) restore() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = false
	if l.silent != nil {
		close(l.silent)
		l.silent = nil
	}
}

func (l *link) accept() {
	for {
		c, err := l.listener.Accept()
		if err != nil {
			return
		}
		go l.carry(c)
	}
}

// admit keeps a connection, unless the link is cut.
func (l *link) admit(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cut {
		return false
	}
	l.open[c] = true
	return true
}

func (l *link) carry(from net.Conn) {
	defer from.Close()
	l.wait()
	if !l.admit(from) {
		return
	}
	to, err := net.Dial("tcp", l.to)
	if err != nil {
		return
	}
	defer to.Close()
	if !l.admit(to) {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { l.pass(from, to) })
	both.Go(func() { l.pass(to, from) })
	both.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, from)
	delete(l.open, to)
}

// pass copies one direction until it ends, which ends the other.
func (l *link) pass(from, to net.Conn) {
	defer func() { _, _ = from.Close(), to.Close() }()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		l.wait()
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// wait returns when the link is not silent.
func (l *link) wait() {
	for {
		l.mu.Lock()
		silent := l.silent
		l.mu.Unlock()
		if silent == nil {
			return
		}
		<-silent
	}
}
