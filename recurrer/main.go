// Command recurrer hears that a recurring task was completed and creates its
// next occurrence.
package main

import (
	"io"
	"os"
	"time"
	_ "time/tzdata" // zones must not depend on what the machine has installed

	"tickler/internal/app"
	"tickler/internal/config"
	"tickler/internal/event"
	"tickler/internal/lifecycle"
	"tickler/internal/repository"
	"tickler/internal/task"
	"tickler/internal/version"
)

const (
	name   = "recurrer"
	listen = "127.0.0.1:8082"
)

func main() {
	if version.Asked(os.Args[1:], name, os.Stdout) {
		return
	}
	help := func(w io.Writer) { config.HelpWorker(w, listen) }
	os.Exit(app.Command(name, os.Args[1:], os.Stdout, os.Stderr, help, run))
}

func run() error {
	settings, err := config.Worker(listen)
	if err != nil {
		return err
	}
	ctx, stop := lifecycle.Interrupted()
	defer stop()
	w, err := app.OpenWorker(ctx, name, repository.RoleRecurrer, settings, os.Stdout)
	if err != nil {
		return err
	}
	defer w.Close()
	callbacks := w.Callbacks()
	callbacks.Subscription(event.TopicTaskRecurrence, newFollower(task.NewService(w.Store, time.Now), w.Log, w.Registry).follow)
	return w.Run(ctx, callbacks)
}
