package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tickler/dev/broker"
	"tickler/dev/home"
	"tickler/dev/port"
	"tickler/dev/postgres"
	"tickler/dev/process"
	"tickler/dev/runfile"
)

// startTimeout bounds the wait for a part that was started to be ready.
const startTimeout = 90 * time.Second

// Stack is a running stack.
type Stack struct {
	config  Config
	home    *home.Home
	picker  *port.Picker
	spawner *process.Spawner
	console *process.Console
	own     *process.Log // the stack's own messages

	files       []runfile.App
	apps        []app
	cluster     *postgres.Cluster // nil when the database is elsewhere
	databaseURL string
	broker      broker.Access
	traces      *tracing // nil: none are kept
	token       string
	daprd       string

	mu    sync.Mutex
	parts map[string]*process.Process
	names []string // of parts, in the order of their start

	stopping sync.Once
	done     chan struct{}
	err      error // why it ended by itself; set before done is closed
}

// Start starts a stack and returns when all of it is ready. When ctx ends
// before that, or a part fails, whatever was started is stopped again.
func Start(ctx context.Context, config Config) (*Stack, error) {
	if err := config.setDefaults(); err != nil {
		return nil, err
	}
	apps, err := runfile.Load(filepath.Join(config.Root, runfile.Name))
	if err != nil {
		return nil, err
	}
	brokers := filepath.Join(config.Root, "components", "brokers")
	if err := runfile.Choose(apps, brokers, config.Broker.Components()); err != nil {
		return nil, fmt.Errorf("%s: %w", runfile.Name, err)
	}
	if !slices.ContainsFunc(apps, func(a runfile.App) bool { return a.AppID == publicID }) {
		return nil, fmt.Errorf("%s has no app %s, whose binary migrates the database and makes tokens", runfile.Name, publicID)
	}
	s, err := open(config, apps)
	if err != nil {
		return nil, err
	}
	if err := s.begin(ctx, s.start); err != nil {
		return nil, err
	}
	return s, nil
}

// open locks the home for a stack that runs nothing yet.
func open(config Config, apps []runfile.App) (*Stack, error) {
	h, err := home.Open(config.Home)
	if err != nil {
		return nil, err
	}
	s := &Stack{
		config: config, home: h, files: apps,
		spawner: process.NewSpawner(),
		console: process.NewConsole(config.Output, nameWidth(config, apps)),
		parts:   map[string]*process.Process{},
		done:    make(chan struct{}),
	}
	if s.own, err = process.NewLog(h.LogFile(ownName), ownName, s.console); err != nil {
		s.spawner.Close()
		return nil, errors.Join(err, h.Close())
	}
	return s, nil
}

// begin runs start, and stops what it started if it fails.
func (s *Stack) begin(ctx context.Context, start func(context.Context) error) error {
	// Until all parts are there, a person wants to know how far it is, and why it does
	// not go on; what the parts say meanwhile is in their logs.
	s.console.Only(ownName)
	defer s.console.Only("")
	// A part that gives up during the start ends the start.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-s.done:
			cancel(s.err)
		case <-ctx.Done():
		}
	}()
	if err := start(ctx); err != nil {
		s.Stop()
		return cmp.Or(s.err, err)
	}
	return nil
}

func (s *Stack) start(ctx context.Context) error {
	if err := s.choosePorts(); err != nil {
		return err
	}
	for _, app := range s.files {
		if err := s.home.EnsureApps(app.AppID); err != nil {
			return err
		}
	}
	if !s.config.InfraOnly {
		if err := s.findDaprd(ctx); err != nil {
			return err
		}
	}
	if err := s.startTracing(); err != nil {
		return err
	}
	if err := s.startInfra(ctx); err != nil {
		return err
	}
	if !s.config.InfraOnly {
		if err := s.startApps(ctx); err != nil {
			return err
		}
	}
	if err := s.ensureToken(ctx); err != nil {
		return err
	}
	return s.home.WriteEnv(s.variables())
}

// Stop ends every part in order (apps, each followed by its sidecar, then the
// broker, then Postgres) and returns when no process is left.
func (s *Stack) Stop() { s.end(nil) }

// Done is closed when the stack has ended, by Stop or by itself.
func (s *Stack) Done() <-chan struct{} { return s.done }

// Err tells, after Done, why the stack ended by itself; nil after Stop.
func (s *Stack) Err() error { return s.err }

func (s *Stack) end(reason error) {
	s.stopping.Do(func() {
		s.err = reason
		var pairs sync.WaitGroup
		for _, app := range s.apps {
			// A sidecar must not keep delivering to an app that has stopped:
			// deliveries that fail for long enough become dead letters.
			pairs.Go(func() {
				s.stopIfThere(app.name)
				s.stopIfThere(app.sidecar())
			})
		}
		pairs.Wait()
		for _, name := range []string{brokerName, broker.Epmd, postgresName} {
			s.stopIfThere(name)
		}
		s.traces.stop()
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, part := range s.parts {
			_ = part.Log().Close()
		}
		s.spawner.Close()
		_ = s.own.Close()
		_ = s.home.Close()
		close(s.done)
	})
	<-s.done
}

func (s *Stack) stopIfThere(name string) {
	if part := s.find(name); part != nil {
		part.Stop()
	}
}

// died is called whenever a part dies.
func (s *Stack) died(d process.Death) {
	if d.Reason == "signal: killed" { // it could say nothing, and its lines are of before
		s.say("%s died: %s, from outside", d.Name, d.Reason)
	} else {
		s.say("%s died: %s. Its last lines:", d.Name, d.Reason)
		for _, line := range d.Last {
			s.own.Say("    " + line)
		}
	}
	if d.For != "" {
		s.say("%s waits for %s, and is started again when that is there", d.Name, d.For)
		return
	}
	if d.Fatal == nil {
		s.say("%s is started again in %s", d.Name, d.Pause)
		return
	}
	s.say("giving up: %v", d.Fatal)
	go s.end(fmt.Errorf("%w\nits last lines, of %s:\n%s", d.Fatal, s.home.LogFile(d.Name), strings.Join(d.Last, "\n")))
}

func (s *Stack) say(format string, args ...any) { s.own.Say(fmt.Sprintf(format, args...)) }

// run makes a part of spec and starts it.
func (s *Stack) run(spec process.Spec) error {
	log, err := process.NewLog(s.home.LogFile(spec.Name), spec.Name, s.console, spec.Unprinted...)
	if err != nil {
		return err
	}
	spec.PidFile = s.home.PidFile(spec.Name)
	part := process.New(spec, s.config.Policy, s.spawner, log, s.died)
	s.mu.Lock()
	s.parts[spec.Name] = part
	s.names = append(s.names, spec.Name)
	s.mu.Unlock()
	part.Start()
	return nil
}

// await waits for parts to be ready, and says now and then what is not and why.
func (s *Stack) await(ctx context.Context, names ...string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	for _, name := range names {
		group.Go(func() error {
			told := make(chan struct{})
			defer close(told)
			go s.tellWhatIsMissing(ctx, name, told)
			if err := s.WaitReady(ctx, name); err != nil {
				return fmt.Errorf("%w; its log is %s", err, s.home.LogFile(name))
			}
			return nil
		})
	}
	return group.Wait()
}

// untilTold is how long a part may take to be ready before it is said why it is not.
const untilTold = 10 * time.Second

func (s *Stack) tellWhatIsMissing(ctx context.Context, name string, ready <-chan struct{}) {
	for {
		select {
		case <-time.After(untilTold):
		case <-ready:
			return
		case <-ctx.Done():
			return
		}
		if part := s.find(name); part != nil {
			if err := part.Check(ctx); err != nil && ctx.Err() == nil {
				s.say("%s is not ready yet: %v", name, err)
			}
		}
	}
}
