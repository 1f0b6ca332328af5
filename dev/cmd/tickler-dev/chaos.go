package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"tickler/dev/chaos"
	"tickler/dev/stack"
)

// aloneVariable tells that this process has a mount namespace of its own.
const aloneVariable = "TICKLER_CHAOS_ALONE"

// disturb lets users work with a stack while it is disturbed, and balances the books.
func disturb(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	seed := flags.Uint64("seed", uint64(time.Now().UnixNano()%1_000_000), "what is done, and when, follows from it")
	minutes := flags.Float64("minutes", 10, "how long to disturb")
	clocks := flags.Bool("clocks", true, "let clocks jump, for which the apps are built against another package time")
	if err := parse(flags, args); err != nil {
		return err
	}
	root := os.Geteuid() == 0
	if root && os.Getenv(aloneVariable) == "" {
		if err := again(ctx, *seed); !errors.Is(err, syscall.EPERM) {
			return err
		}
		fmt.Println("no mount namespace may be made here, as in a container: Postgres's disk will not fill up")
		root = false
	}
	repository, err := stack.FindRoot()
	if err != nil {
		return err
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	fmt.Printf("seed %d, %g minutes: building and starting\n", *seed, *minutes)
	system, err := chaos.StartLocal(ctx, chaos.LocalConfig{Root: repository, Clocks: *clocks, Disk: root, Output: output{end}})
	if err != nil {
		return err
	}
	report, err := chaos.Run(ctx, system, chaos.Config{
		Seed: *seed, Length: time.Duration(*minutes * float64(time.Minute)), Output: output{end},
	})
	if err = errors.Join(err, system.Stop()); err != nil {
		return fmt.Errorf("seed %d: %w", *seed, err)
	}
	fmt.Print(report)
	if n := len(report.Findings); n > 0 {
		return fmt.Errorf("%d promises were not kept; the same again: make chaos SEED=%d MINUTES=%g", n, *seed, *minutes)
	}
	return nil
}

// again runs this command in a mount namespace of its own, so that the disk that it
// mounts is gone with it.
func again(ctx context.Context, seed uint64) error {
	runtime.LockOSThread() // the command is told when this thread ends, not this process
	self, err := os.Executable()
	if err != nil {
		return err
	}
	run := exec.CommandContext(ctx, self, append(os.Args[1:], "--seed", fmt.Sprint(seed))...)
	run.Env = append(os.Environ(), aloneVariable+"=1")
	run.Stdout, run.Stderr = os.Stdout, os.Stderr
	run.SysProcAttr = chaos.Alone()
	run.Cancel = func() error { return run.Process.Signal(syscall.SIGTERM) }
	return run.Run()
}
