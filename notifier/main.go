// Command notifier reminds: a cron tick wakes it to claim the reminders that
// are due, and each reminder.sent that comes back over the bus is delivered: as a
// line in the log, and over the channels that the person has set up.
package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"
	_ "time/tzdata" // zones must not depend on what the machine has installed

	"tickler/internal/config"
	"tickler/internal/delivery"
	"tickler/internal/event"
	"tickler/internal/lifecycle"
	"tickler/internal/outbox"
	"tickler/internal/repository"
	"tickler/internal/sidecar"
	"tickler/internal/task"
	"tickler/internal/telemetry"
)

const (
	app    = "notifier"
	listen = "127.0.0.1:8081"
)

func main() {
	if len(os.Args) > 1 {
		config.HelpNotifier(os.Stdout, listen)
		return
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "notifier:", err)
		os.Exit(1)
	}
}

func run() error {
	settings, err := config.Notifier(listen)
	if err != nil {
		return err
	}
	log := telemetry.NewLogger(os.Stdout, app, settings.LogLevel)
	registry := telemetry.NewRegistry()
	ctx, stop := lifecycle.Interrupted()
	defer stop()
	stopTracing, err := telemetry.StartTracing(ctx, app)
	if err != nil {
		return err
	}
	defer stopTracing()

	pool, err := repository.Open(ctx, settings.DatabaseURL, repository.RoleNotifier, log)
	if err != nil {
		return err
	}
	defer pool.Close()
	dapr, err := sidecar.NewClient(settings.Sidecar)
	if err != nil {
		return err
	}
	defer dapr.Close()

	outboxPool, err := repository.Connect(ctx, settings.DatabaseURL, repository.RoleRelay)
	if err != nil {
		return err
	}
	defer outboxPool.Close()
	relay := outbox.NewRelay(outboxPool, dapr, log, registry)
	store := repository.New(pool, app, relay.Wake)
	callbacks := sidecar.NewListener(settings.AppAPIToken, dapr, store.KeepDeadLetter, log, registry)
	client := delivery.NewClient(settings.AllowedTargets, attemptTime)
	sender := newSender(store, settings.SecretKeys.Open, map[task.ChannelKind]delivery.Sender{
		task.Webhook: delivery.Webhook{Client: client},
		task.Ntfy:    delivery.Ntfy{Client: client},
		task.Email:   &delivery.Email{Invoke: dapr.Output(settings.Mailer), Timeout: attemptTime},
	}, settings.Retries, time.Now, log, registry)
	scanner := newScanner(store.ClaimReminders, time.Now, log, registry)
	callbacks.Binding("reminder-scan", func(ctx context.Context) error {
		sender.wake()
		return scanner.tick(ctx)
	})
	callbacks.Binding("housekeeping", store.Prune)
	callbacks.BulkSubscription(event.TopicTaskReminders, newDeliverer(store.TakeReminders, sender.wake, time.Now, log, registry).deliver)

	probes := telemetry.NewProbes(registry, telemetry.Check{Name: "postgres", Ask: store.Ping}, telemetry.Check{Name: "sidecar", Ask: dapr.Ready})
	return lifecycle.Run(ctx, lifecycle.App{
		Log: log, Drain: settings.Drain, Background: func(ctx context.Context) {
			var working sync.WaitGroup
			working.Go(func() { sender.run(ctx) })
			relay.Run(ctx)
			working.Wait()
		},
		Servers: []lifecycle.Server{
			{Name: "callbacks", Address: settings.Callbacks, Handler: callbacks.Handler()},
			{Name: "probes", Address: settings.Listen, Handler: probes},
		},
	})
}
