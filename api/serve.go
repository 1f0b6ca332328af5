package main

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"tickler/api/guard"
	"tickler/api/operation"
	"tickler/internal/access"
	"tickler/internal/app"
	"tickler/internal/config"
	"tickler/internal/delivery"
	"tickler/internal/feed"
	"tickler/internal/history"
	"tickler/internal/label"
	"tickler/internal/lifecycle"
	"tickler/internal/person"
	"tickler/internal/repository"
	"tickler/internal/task"
	"tickler/internal/transfer"
)

const name = "api"

func serve() error {
	settings, err := config.API()
	if err != nil {
		return err
	}
	ctx, stop := lifecycle.Interrupted()
	defer stop()
	a, err := app.Open(ctx, name, repository.RoleAPI, settings, os.Stdout)
	if err != nil {
		return err
	}
	defer a.Close()
	slog.SetDefault(slog.New(graveOnly{a.Log.Handler()}))
	calls := lifecycle.Server{Name: "calls", Address: settings.Listen}
	if calls.TLS, err = lifecycle.TLS(settings.Guard.TLSCertificate, settings.Guard.TLSKey, a.Log); err != nil {
		return err
	}
	w, err := wire(ctx, a)
	if err != nil {
		return err
	}
	calls.Handler = w.router
	return a.Run(ctx, []lifecycle.Server{calls}, w.background...)
}

// graveOnly takes what libraries log by themselves. zitadel/oidc warns of each request
// that it refuses, with what the client sent: those are the caller's to mend.
type graveOnly struct{ slog.Handler }

func (graveOnly) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelError }

// clientTimeout bounds the fetch of what a client says of itself.
const clientTimeout = 5 * time.Second

// wired is the handler of calls and the work that must run in the background.
type wired struct {
	router     *gin.Engine
	operations *operation.Operations
	background []func(context.Context)
}

func wire(ctx context.Context, a *app.App) (wired, error) {
	settings := a.Settings.Guard
	a.Store.LimitTasks(a.Settings.UserTasks)
	events := feed.New(a.Store, a.Log, a.Registry)
	a.Bell.OnCommit(events.Wake)
	tasks, labels := task.NewService(a.Store, time.Now), label.NewService(a.Store, time.Now)
	rules := person.ChannelRules{
		Seal: a.Settings.SecretKeys.Seal, Plain: len(a.Settings.AllowedTargets) > 0, Confirmations: a.Settings.UserConfirmations,
		Forbidden: a.Settings.AllowedTargets.Forbid,
	}
	if settings.PublicURLSet {
		rules.PublicURL = settings.PublicURL
	}
	people := person.NewService(a.Store, time.Now, rules)
	changes := history.NewService(a.Store, time.Now)
	operations := operation.New(tasks, labels, people, changes, time.Now, a.Log).WithPublicURL(settings.PublicURL)
	trust := access.Trust{
		Admin:   settings.IssuersGrantAdmin,
		Issuers: settings.Issuers, Algorithms: settings.Algorithms,
		Audiences: append(guard.Audiences(settings.PublicURL), settings.Audiences...),
	}
	issuers := access.NewIssuers(ctx, trust, time.Now, a.Log)
	// A person agrees to a connection where they can be signed in: over https, or on
	// this machine.
	authorizes := strings.HasPrefix(settings.PublicURL, "https://") || guard.Loopback(hostOf(settings.PublicURL))
	var clientsOf *http.Client
	if authorizes {
		clientsOf = delivery.NewClient(a.Settings.AllowedTargets, clientTimeout)
	}
	checker := access.NewChecker(a.Store, issuers, time.Now, a.Log)
	router, err := newRouter(routes{
		guard: guard.New(guard.Config{
			PublicURL: settings.PublicURL, Authorizes: authorizes, IssuersFirst: len(settings.SignInClients) == 0,
			Hosts: settings.Hosts, Origins: settings.Origins,
			UserRate: settings.UserRate, AddressRate: settings.AddressRate, FailureRate: settings.FailureRate,
			UserCalls: settings.UserCalls,
		}, trust, checker, a.Store.Settings, time.Now, a.Log),
		proxies: settings.Proxies, publicHost: hostOf(settings.PublicURL),
		tasks: tasks, labels: labels, people: people, operations: operations, events: events, transfer: transfer.NewService(tasks, labels, people, time.Now).WithHistory(changes.Everything),
		audit: a.Store, reminders: a.Store.RecentReminders,
		store: a.Store, checker: checker, issuers: issuers, clients: settings.SignInClients, publicURL: settings.PublicURL, linksURL: rules.PublicURL,
		clientsOf: clientsOf, register: settings.Registration,
		log: a.Log, registry: a.Registry, checks: a.Checks(),
	})
	return wired{router: router, operations: operations, background: []func(context.Context){events.Run, checker.Run}}, err
}

// hostOf returns the host name in a URL.
func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	return "localhost"
}
