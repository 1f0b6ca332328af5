package stack

import (
	"context"
	"fmt"
	"os"
	"slices"

	"tickler/dev/process"
)

func (s *Stack) find(name string) *process.Process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.parts[name]
}

func (s *Stack) part(name string) (*process.Process, error) {
	if part := s.find(name); part != nil {
		return part, nil
	}
	return nil, fmt.Errorf("the stack has no part %s; it has %v", name, s.Parts())
}

// Parts lists the names of all parts in the order of their start.
func (s *Stack) Parts() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.names)
}

// Kill sends SIGKILL to the process that a part runs now. The stack starts it
// again as after any death.
func (s *Stack) Kill(name string) error {
	part, err := s.part(name)
	if err != nil {
		return err
	}
	return part.Kill()
}

// StopPart ends a part, and returns when it is gone. It stays away until
// StartPart, and that is not a death.
func (s *Stack) StopPart(name string) error {
	part, err := s.part(name)
	if err != nil {
		return err
	}
	part.Stop()
	return nil
}

// StartPart starts a part that StopPart ended, and returns when it is ready.
func (s *Stack) StartPart(ctx context.Context, name string) error {
	part, err := s.part(name)
	if err != nil {
		return err
	}
	part.Start()
	return part.WaitReady(ctx)
}

// WaitReady returns nil when a part is ready, as it is again some time after
// Kill.
func (s *Stack) WaitReady(ctx context.Context, name string) error {
	part, err := s.part(name)
	if err != nil {
		return err
	}
	return part.WaitReady(ctx)
}

// PID of the process that a part runs now, 0 when none does.
func (s *Stack) PID(name string) int {
	if part := s.find(name); part != nil {
		return part.PID()
	}
	return 0
}

// Log is all that a part has printed since the stack was started.
func (s *Stack) Log(name string) string {
	text, err := os.ReadFile(s.home.LogFile(name))
	if err != nil {
		return err.Error()
	}
	return string(text)
}
