// Package process keeps one operating system process running: it starts it,
// captures what it prints, and starts it again with growing pauses when it dies. It
// waits for what a process needs and gives up on one that keeps dying by itself.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Spec says what to run and how to tell that it is ready.
type Spec struct {
	Name    string
	Command []string
	Dir     string
	// Env is the whole environment; a later entry wins over an earlier one.
	Env []string
	// UID and GID to run under instead of the caller's, when UID is not 0.
	UID, GID uint32
	// StopSignal asks the process to end; SIGTERM when zero. What has not ended
	// after StopTimeout is killed.
	StopSignal  syscall.Signal
	StopTimeout time.Duration
	// OrphanSignal is what the process gets when the supervisor itself is
	// killed (Linux only); SIGKILL when zero.
	OrphanSignal syscall.Signal
	// PidFile holds the process id while the process runs.
	PidFile string
	// Ready returns nil once the process does its work. Nil: at once.
	Ready func(context.Context) error
	// Needs says what the process cannot run without and that is not there now, "" if
	// it has all. Deaths meanwhile do not count. Nil: it needs nothing.
	Needs func(context.Context) (missing string)
	// Unprinted lines contain one of these. They go to the log file alone.
	Unprinted []string
}

// Policy bounds how a dying process is started again.
type Policy struct {
	FirstPause time.Duration // doubled with each death, up to MaxPause
	MaxPause   time.Duration
	Deaths     int           // so many deaths
	Window     time.Duration // within this time, and it is given up
}

// DefaultPolicy is that of a cluster in small: half a second first, and five
// deaths in a minute are too many.
var DefaultPolicy = Policy{FirstPause: 500 * time.Millisecond, MaxPause: 8 * time.Second, Deaths: 5, Window: time.Minute}

// Death tells of a process that ended without being asked to.
type Death struct {
	Name   string
	Reason string
	Last   []string      // its last log lines
	Pause  time.Duration // until it is started again
	For    string        // what is missing, and waited for before that
	Fatal  error         // not nil: it will not be started again, and why
}

// Process is one supervised process.
type Process struct {
	spec    Spec
	policy  Policy
	spawner *Spawner
	log     *Log
	onDeath func(Death)

	mu     sync.Mutex
	alive  *os.Process // nil when none is
	cancel context.CancelFunc
	done   chan struct{}
	fatal  error
}

// New describes a process; Start runs it. onDeath is called from the goroutine
// that watches the process and must not call back into it.
func New(spec Spec, policy Policy, spawner *Spawner, log *Log, onDeath func(Death)) *Process {
	if spec.StopSignal == 0 {
		spec.StopSignal = syscall.SIGTERM
	}
	if spec.OrphanSignal == 0 {
		spec.OrphanSignal = syscall.SIGKILL
	}
	if spec.StopTimeout == 0 {
		spec.StopTimeout = 5 * time.Second
	}
	return &Process{spec: spec, policy: policy, spawner: spawner, log: log, onDeath: onDeath}
}

// Name of the process.
func (p *Process) Name() string { return p.spec.Name }

// Log of the process, over all its lives.
func (p *Process) Log() *Log { return p.log }

// Start begins to run the process and to keep it running. It does nothing for
// one that is already kept running.
func (p *Process) Start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel, p.done, p.fatal = cancel, make(chan struct{}), nil
	go p.keep(ctx, p.done)
}

// Stop asks the process to end, kills it when it does not, and returns when it
// is gone. It is not a death. A stopped process may be started again.
func (p *Process) Stop() {
	p.mu.Lock()
	cancel, done := p.cancel, p.done
	p.cancel = nil
	p.mu.Unlock()
	if cancel == nil {
		return
	}
	cancel()
	<-done
}

// Kill sends SIGKILL to the process that runs now. It counts as a death. One that has
// just ended needs none.
func (p *Process) Kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.alive == nil {
		return fmt.Errorf("%s does not run", p.spec.Name)
	}
	if err := p.alive.Kill(); !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// PID of the process that runs now, 0 when none does.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.alive == nil {
		return 0
	}
	return p.alive.Pid
}

// WaitReady returns nil when the process is ready, and an error when ctx ends
// first or the process is stopped or given up.
func (p *Process) WaitReady(ctx context.Context) error {
	p.mu.Lock()
	done := p.done
	p.mu.Unlock()
	if done == nil {
		return fmt.Errorf("%s was never started", p.spec.Name)
	}
	var last error
	for {
		if last = p.Check(ctx); last == nil {
			return nil
		}
		select {
		case <-time.After(25 * time.Millisecond):
		case <-done:
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.fatal != nil {
				return p.fatal
			}
			return fmt.Errorf("%s was stopped before it was ready", p.spec.Name)
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready (%w): %w", p.spec.Name, ctx.Err(), errors.Join(last))
		}
	}
}

// keep runs the process until ctx ends or it has died too often.
func (p *Process) keep(ctx context.Context, done chan struct{}) {
	defer close(done)
	var deaths []time.Time
	for ctx.Err() == nil {
		reason := p.live(ctx)
		if ctx.Err() != nil {
			return
		}
		if missing := p.missing(ctx); missing != "" {
			p.onDeath(Death{Name: p.spec.Name, Reason: reason, Last: p.log.Last(), For: missing})
			for missing != "" && ctx.Err() == nil {
				pause(ctx, p.policy.FirstPause)
				missing = p.missing(ctx)
			}
			deaths = nil
			continue
		}
		now := time.Now()
		deaths = append(deaths, now)
		for now.Sub(deaths[0]) > p.policy.Window {
			deaths = deaths[1:]
		}
		death := Death{Name: p.spec.Name, Reason: reason, Last: p.log.Last()}
		if len(deaths) >= p.policy.Deaths {
			death.Fatal = fmt.Errorf("%s died %d times within %s, last with: %s",
				p.spec.Name, len(deaths), p.policy.Window, reason)
			p.mu.Lock()
			p.fatal = death.Fatal
			p.mu.Unlock()
			p.onDeath(death)
			return
		}
		death.Pause = min(p.policy.FirstPause<<(len(deaths)-1), p.policy.MaxPause)
		p.onDeath(death)
		pause(ctx, death.Pause)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// missing is what the process needs and is not there.
func (p *Process) missing(ctx context.Context) string {
	if p.spec.Needs == nil {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	return p.spec.Needs(ctx)
}

// checkTimeout bounds a look at whether a process is ready, or at what it needs.
const checkTimeout = 2 * time.Second

// Check returns nil when the process is ready now, and otherwise why it is not.
func (p *Process) Check(ctx context.Context) error {
	if p.PID() == 0 {
		return errors.New("it does not run")
	}
	if p.spec.Ready == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	return p.spec.Ready(ctx)
}

// live runs the process once and returns why it ended.
func (p *Process) live(ctx context.Context) string {
	cmd := exec.Command(p.spec.Command[0], p.spec.Command[1:]...)
	cmd.Dir, cmd.Env = p.spec.Dir, p.spec.Env
	cmd.Stdout, cmd.Stderr = p.log, p.log
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = attributes(p.spec)
	if err := p.spawner.Start(cmd); err != nil {
		return err.Error()
	}
	p.started(cmd.Process)
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		_ = cmd.Process.Signal(p.spec.StopSignal)
		select {
		case <-ended:
		case <-time.After(p.spec.StopTimeout):
			p.log.Note("did not end within %s of %s: killed", p.spec.StopTimeout, p.spec.StopSignal)
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
		}
	}
	p.ended()
	return cmd.ProcessState.String()
}

func (p *Process) started(process *os.Process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.alive = process
	if p.spec.PidFile == "" {
		return
	}
	// Renamed into place: whoever reads the file never sees half a number.
	half := p.spec.PidFile + ".new"
	if err := os.WriteFile(half, []byte(strconv.Itoa(process.Pid)+"\n"), 0o644); err == nil {
		err = os.Rename(half, p.spec.PidFile)
		if err != nil {
			p.log.Note("pid file: %v", err)
		}
	}
}

func (p *Process) ended() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.alive = nil
	if p.spec.PidFile != "" {
		_ = os.Remove(p.spec.PidFile)
	}
}
