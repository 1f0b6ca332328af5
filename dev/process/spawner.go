package process

import (
	"os/exec"
	"runtime"
)

// Spawner starts processes from one operating system thread that lives as long
// as it is open. Linux ties the signal that an orphan gets to the thread that
// started it: started from any other, a child would die with a passing thread.
type Spawner struct {
	commands chan command
}

type command struct {
	cmd    *exec.Cmd
	result chan error
}

// NewSpawner returns an open Spawner; Close ends it.
func NewSpawner() *Spawner {
	s := &Spawner{commands: make(chan command)}
	go func() {
		// Never unlocked: the thread ends with this goroutine, and whatever it
		// started and still runs then gets its orphan signal.
		runtime.LockOSThread()
		for c := range s.commands {
			c.result <- c.cmd.Start()
		}
	}()
	return s
}

// Start starts cmd.
func (s *Spawner) Start(cmd *exec.Cmd) error {
	result := make(chan error, 1)
	s.commands <- command{cmd, result}
	return <-result
}

// Close ends the Spawner. No Start may follow.
func (s *Spawner) Close() { close(s.commands) }
