package chaos

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"
)

// Disturbances lists what can be done to the stack.
func (l *Local) Disturbances() []Disturbance {
	const second = time.Second
	parts, both := []string{"broker", "postgres"}, []string{}
	for _, app := range apps {
		for _, part := range []string{app, app + "-2"} {
			both = append(both, part, part+"-daprd")
		}
	}
	parts = append(parts, both...)
	all := []Disturbance{
		{Name: "kill", Targets: parts, Brief: true, Do: func(part string, _ time.Duration) error { return l.Kill(part) }},
		{Name: "kill both replicas", Targets: apps, Brief: true, Do: l.killBoth},
		{Name: "freeze", Targets: both, Least: second, Most: 12 * second, Brief: true, Do: l.freeze},
		{Name: "reset connections", Targets: []string{"clients api", "clients api-2", "api postgres", "notifier postgres", "recurrer postgres", " broker"}, Brief: true, Do: l.resetLink},

		{Name: "broker away, all restarted", Targets: []string{"broker"}, Least: 25 * second, Most: 150 * second, Do: l.brokerAway},
		{Name: "broker cut off", Targets: []string{" broker"}, Least: 8 * second, Most: 40 * second, Do: l.cutOff},
		{Name: "broker silent", Targets: []string{" broker"}, Least: 8 * second, Most: 40 * second, Do: l.silent},
		{Name: "freeze broker", Targets: []string{"broker"}, Least: 5 * second, Most: 20 * second, Do: l.freeze},
		{Name: "Postgres cut off", Targets: []string{"api postgres", "notifier postgres", "recurrer postgres"}, Least: 6 * second, Most: 30 * second, Do: l.cutOff},
		{Name: "Postgres silent", Targets: []string{"api postgres", "notifier postgres", "recurrer postgres"}, Least: 6 * second, Most: 30 * second, Do: l.silent},
		{Name: "connections flicker", Targets: []string{"api postgres", "api postgres", "recurrer postgres", "notifier postgres", " broker"}, Least: 8 * second, Most: 20 * second, Do: l.flicker},
		{Name: "Postgres stopped", Targets: []string{"postgres"}, Least: 4 * second, Most: 20 * second, Do: l.stop},
		{Name: "Postgres ended at once", Targets: []string{"postgres"}, Least: second, Most: second, Do: l.endAtOnce},
		{Name: "freeze Postgres", Targets: []string{"postgres"}, Least: 4 * second, Most: 20 * second, Do: l.freeze},
		{Name: "clients cut off", Targets: []string{"clients api", "clients api-2"}, Least: 4 * second, Most: 20 * second, Do: l.cutOff},
		{Name: "api silent", Targets: []string{"clients api", "clients api-2"}, Least: 9 * second, Most: 20 * second, Do: l.silent},
		{Name: "rolling restart", Targets: []string{"all"}, Least: 6 * second, Most: 12 * second, Do: l.roll},
	}
	if l.disk != nil {
		all = append(all, Disturbance{Name: "disk of Postgres full", Targets: []string{"postgres"}, Least: 6 * second, Most: 25 * second, Do: l.fill})
	}
	for _, whose := range []string{"apps", "Postgres"} {
		if _, can := l.clocks[whose]; can {
			all = append(all, Disturbance{Name: "clock of " + whose + " jumps", Targets: []string{whose + " 150", whose + " -150", whose + " 20", whose + " -20"}, Least: 8 * second, Most: 40 * second, Do: l.jump})
		}
	}
	return all
}

func (l *Local) killBoth(app string, _ time.Duration) error {
	return errors.Join(l.Kill(app), l.Kill(app+"-2"))
}

func (l *Local) freeze(part string, lasts time.Duration) error {
	pids, err := l.signal(part, syscall.SIGSTOP)
	if err != nil {
		return err
	}
	time.Sleep(lasts)
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGCONT) // it may have been killed meanwhile
	}
	return nil
}

func (l *Local) named(name string) (*link, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.links[name] == nil {
		return nil, fmt.Errorf("there is no link %q", name)
	}
	return l.links[name], nil
}

func (l *Local) resetLink(name string, _ time.Duration) error {
	one, err := l.named(name)
	if err == nil {
		one.reset(false)
	}
	return err
}

// flicker resets connections again and again, at another moment of what goes over them
// each time.
func (l *Local) flicker(name string, lasts time.Duration) error {
	one, err := l.named(name)
	if err != nil {
		return err
	}
	for end := time.Now().Add(lasts); time.Now().Before(end); time.Sleep(137 * time.Millisecond) {
		one.reset(false)
	}
	return nil
}

func (l *Local) cutOff(name string, lasts time.Duration) error {
	one, err := l.named(name)
	if err != nil {
		return err
	}
	one.reset(true)
	time.Sleep(lasts)
	one.restore()
	return nil
}

func (l *Local) silent(name string, lasts time.Duration) error {
	one, err := l.named(name)
	if err != nil {
		return err
	}
	one.silence()
	time.Sleep(lasts)
	one.restore()
	return nil
}

// start starts a part again. That it becomes ready is Heal's to wait for: something
// else may be away.
func (l *Local) start(part string) {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_ = l.StartPart(ctx, part)
}

func (l *Local) stop(part string, lasts time.Duration) error {
	if err := l.StopPart(part); err != nil {
		return err
	}
	time.Sleep(lasts)
	l.start(part)
	return nil
}

// endAtOnce is an immediate shutdown: sessions are cut and nothing is written, so that
// the next start recovers from the log.
func (l *Local) endAtOnce(part string, _ time.Duration) error {
	pid := l.PID(part)
	if pid == 0 {
		return fmt.Errorf("%s does not run", part)
	}
	return syscall.Kill(pid, syscall.SIGQUIT)
}

// brokerAway takes the broker away and restarts everything else meanwhile.
func (l *Local) brokerAway(part string, lasts time.Duration) error {
	back := time.After(lasts)
	if err := l.StopPart(part); err != nil {
		return err
	}
	defer l.start(part)
	between := lasts / time.Duration(4*len(apps)+1)
	for _, suffix := range []string{"", "-2", "-daprd", "-2-daprd"} {
		for _, app := range apps {
			time.Sleep(between)
			_ = l.Kill(app + suffix) // it may be dead already
		}
	}
	<-back
	return nil
}

// roll restarts one replica after the other as a roll-out does, an app before its sidecar.
func (l *Local) roll(_ string, lasts time.Duration) error {
	for _, app := range apps {
		for _, part := range []string{app, app + "-2"} {
			if err := errors.Join(l.StopPart(part), l.StopPart(part+"-daprd")); err != nil {
				return err
			}
			l.start(part + "-daprd")
			l.start(part)
			time.Sleep(lasts / time.Duration(2*len(apps)))
		}
	}
	return nil
}

func (l *Local) fill(_ string, lasts time.Duration) error {
	if err := l.disk.fill(); err != nil {
		return errors.Join(err, l.disk.free())
	}
	time.Sleep(lasts)
	return l.disk.free()
}

func (l *Local) jump(target string, lasts time.Duration) error {
	var whose string
	var by int
	if _, err := fmt.Sscanf(target, "%s %d", &whose, &by); err != nil {
		return err
	}
	c := l.clocks[whose]
	if err := c.set(by); err != nil {
		return err
	}
	time.Sleep(lasts)
	return c.set(0)
}
