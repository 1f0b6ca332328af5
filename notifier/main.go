// Command notifier reminds: a cron tick wakes it to claim the reminders that
// are due, and each reminder.sent that comes back over the bus is delivered: as a
// line in the log, and over the channels that the person has set up.
package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"time"
	_ "time/tzdata" // zones must not depend on what the machine has installed

	"tickler/internal/app"
	"tickler/internal/config"
	"tickler/internal/delivery"
	"tickler/internal/event"
	"tickler/internal/lifecycle"
	"tickler/internal/person"
	"tickler/internal/repository"
	"tickler/internal/version"
)

const (
	name   = "notifier"
	listen = "127.0.0.1:8081"
)

func main() {
	if version.Asked(os.Args[1:], name, os.Stdout) {
		return
	}
	help := func(w io.Writer) { config.HelpNotifier(w, listen) }
	os.Exit(app.Command(name, os.Args[1:], os.Stdout, os.Stderr, help, run))
}

func run() error {
	settings, err := config.Notifier(listen)
	if err != nil {
		return err
	}
	ctx, stop := lifecycle.Interrupted()
	defer stop()
	w, err := app.OpenWorker(ctx, name, repository.RoleNotifier, settings, os.Stdout)
	if err != nil {
		return err
	}
	defer w.Close()
	w.Store.LimitMails(settings.UserMails)
	client := delivery.NewClient(settings.AllowedTargets, attemptTime)
	mail := &delivery.Email{Invoke: w.Sidecar.Output(settings.Mailer), Timeout: attemptTime}
	sender := newSender(w.Store, settings.SecretKeys.Open, sendersOf(client, mail), settings.Retries, time.Now, w.Log, w.Registry)
	scanner := newScanner(w.Store.ClaimReminders, time.Now, w.Log, w.Registry)
	callbacks := w.Callbacks()
	callbacks.Binding("reminder-scan", func(ctx context.Context) error {
		sender.wake()
		return scanner.tick(ctx)
	})
	callbacks.Binding("housekeeping", w.Store.Prune)
	callbacks.BulkSubscription(event.TopicTaskReminders, newDeliverer(w.Store.TakeReminders, sender.wake, time.Now, w.Log, w.Registry).deliver)
	return w.Run(ctx, callbacks, sender.run)
}

// sendersOf returns the sender of each kind of channel. All but mail call URLs that
// users named, with a client that is guarded.
func sendersOf(client *http.Client, mail delivery.Sender) map[person.ChannelKind]delivery.Sender {
	return map[person.ChannelKind]delivery.Sender{
		person.Webhook:  delivery.Webhook{Client: client},
		person.Ntfy:     delivery.Ntfy{Client: client},
		person.Discord:  delivery.Discord{Client: client},
		person.Slack:    delivery.Slack{Client: client},
		person.Telegram: delivery.Telegram{Client: client},
		person.Gotify:   delivery.Gotify{Client: client},
		person.Email:    mail,
	}
}
