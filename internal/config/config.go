// Package config reads the settings of an app from environment variables,
// checks them at start, and lists them for --help.
package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"tickler/internal/delivery"
	"tickler/internal/sealed"
	"tickler/internal/sidecar"
	"tickler/internal/terminal"
)

// Config holds the settings of an app.
type Config struct {
	DatabaseURL string
	// Listen is the address of probes and metrics, and for api of its callers.
	Listen string
	// Callbacks is the loopback address on which the sidecar calls the app.
	Callbacks   string
	AppAPIToken string
	Sidecar     sidecar.Config
	LogLevel    slog.Level
	Drain       time.Duration
	Guard       Guard // of the api alone
	// SecretKeys seal the secrets that are kept for users. Without keys no secrets
	// are kept.
	SecretKeys sealed.Keys
	// AllowedTargets are private addresses at which webhooks and ntfy servers are
	// allowed.
	AllowedTargets delivery.Networks
	// UserTasks is how many tasks a user may have; 0 means no limit.
	UserTasks int
	// UserConfirmations and UserMails are how many confirmation mails a user may ask
	// for, and how many mails of any kind they are sent, within 24 hours; 0 is no limit.
	UserConfirmations, UserMails int
	// Mailer is the Dapr output binding that mail goes through.
	Mailer string
	// Retries are the pauses between the attempts to deliver a message.
	Retries []time.Duration
}

// setting is one environment variable. It is required if its standard value is ""
// and it is not optional.
type setting struct {
	name, standard, help string
	optional             bool
	missing              string // advice when it is not set
	read                 func(c *Config, value string) error
}

// settings lists the variables of every app.
func settings(listen string) []setting {
	return []setting{
		{name: "DATABASE_URL", missing: "; where make run runs, this sets it: . .tickler/env", help: "Postgres, as postgres://user:password@host:port/database", read: func(c *Config, v string) error {
			c.DatabaseURL = v
			return nil
		}},
		{name: "TICKLER_LISTEN", standard: listen, help: "address for callers, probes and metrics", read: func(c *Config, v string) error {
			if _, _, err := net.SplitHostPort(v); err != nil {
				return errors.New("must be host:port, for example 127.0.0.1:8080")
			}
			c.Listen = v
			return nil
		}},
		{name: "TICKLER_LOG_LEVEL", standard: "info", help: "debug, info, warn or error", read: func(c *Config, v string) error {
			if c.LogLevel.UnmarshalText([]byte(v)) != nil {
				return errors.New("must be debug, info, warn or error")
			}
			return nil
		}},
		{name: "TICKLER_DRAIN", standard: "12s", help: "how long a stop may take to finish what was begun", read: func(c *Config, v string) (err error) {
			if c.Drain, err = time.ParseDuration(v); err != nil || c.Drain <= 0 {
				return errors.New("must be a duration, for example 25s")
			}
			return nil
		}},
	}
}

// workerSettings are those of an app with a sidecar, through which it publishes, and
// which calls it back.
func workerSettings(listen string) []setting {
	return append(settings(listen), []setting{
		{name: "DAPR_GRPC_PORT", standard: "50001", help: "gRPC port of the sidecar; Dapr sets it", read: port(func(c *Config, v string) { c.Sidecar.GRPCPort = v })},
		{name: "DAPR_HTTP_PORT", standard: "3500", help: "HTTP port of the sidecar; Dapr sets it", read: port(func(c *Config, v string) { c.Sidecar.HTTPPort = v })},
		{name: "DAPR_API_TOKEN", optional: true, help: "token that the sidecar asks of the app", read: func(c *Config, v string) error {
			c.Sidecar.APIToken = v
			return nil
		}},
		{name: "TICKLER_PUBSUB", standard: "taskbus", help: "name of the Dapr pub/sub component", read: func(c *Config, v string) error {
			c.Sidecar.PubSub = v
			return nil
		}},
		{name: "TICKLER_RESOURCES", optional: true, help: "folder of the sidecar's resources on this machine, touched until the sidecar has reached the broker, so that it looks every 5 seconds and not every minute", read: func(c *Config, v string) error {
			c.Sidecar.Resources = v
			return nil
		}},
		{name: "APP_PORT", help: "loopback port on which the sidecar calls the app; Dapr sets it", read: port(func(c *Config, v string) { c.Callbacks = net.JoinHostPort("127.0.0.1", v) })},
		{name: "APP_API_TOKEN", help: "token with which the sidecar calls the app; any secret text, the same for both", read: func(c *Config, v string) error {
			c.AppAPIToken = v
			return nil
		}},
	}...)
}

// channelSettings are those of the apps that deal with channels.
func channelSettings() []setting {
	return []setting{
		{name: "TICKLER_SECRET_KEY", optional: true, help: "ID:KEY, encrypts the secrets of channels, KEY is 32 bytes in base64; older ones after commas. Without it no secret is kept: no webhooks", read: func(c *Config, v string) (err error) {
			c.SecretKeys, err = sealed.Parse(v)
			return err
		}},
		{name: "TICKLER_ALLOWED_TARGETS", optional: true, help: "private address ranges that channels may be at, for example 10.1.0.0/16; http is allowed then too", read: func(c *Config, v string) (err error) {
			c.AllowedTargets, err = delivery.ParseNetworks(v)
			return err
		}},
	}
}

func notifierSettings(listen string) []setting {
	return slices.Concat(workerSettings(listen), channelSettings(), []setting{
		{name: "TICKLER_MAILER", standard: "mailer", help: "name of the Dapr output binding for mail; the component need not be there", read: func(c *Config, v string) error {
			c.Mailer = v
			return nil
		}},
		{name: "TICKLER_USER_MAILS", standard: "200", help: "mails of any kind that a user is sent within 24 hours; 0 for no limit", read: count(func(c *Config, n int) { c.UserMails = n })},
		{name: "TICKLER_DELIVERY_RETRIES", standard: "5s,1m,5m,30m,2h,5h,10h", help: "pauses between the attempts to deliver a message; after the last it is given up", read: func(c *Config, v string) error {
			c.Retries = nil
			for _, part := range strings.Split(v, ",") {
				pause, err := time.ParseDuration(strings.TrimSpace(part))
				if err != nil || pause <= 0 {
					return errors.New("must be durations separated by commas, for example 5s,5m,1h")
				}
				c.Retries = append(c.Retries, pause)
			}
			return nil
		}},
	})
}

func port(set func(*Config, string)) func(*Config, string) error {
	return func(c *Config, v string) error {
		if n, err := strconv.Atoi(v); err != nil || n < 1 || n > 65535 {
			return errors.New("must be a port number, 1 to 65535")
		}
		set(c, v)
		return nil
	}
}

// API reads the settings of api. It listens on APP_PORT, where its sidecar expects
// it, unless TICKLER_LISTEN says otherwise.
func API() (Config, error) {
	c, err := read(apiSettings())
	c.Guard.PublicURLSet = os.Getenv(publicURL) != ""
	if (c.Guard.TLSCertificate == "") != (c.Guard.TLSKey == "") {
		err = errors.Join(err, errors.New("TICKLER_TLS_CERT and TICKLER_TLS_KEY: set both, or neither"))
	}
	return c, err
}

func apiSettings() []setting {
	listen := apiListen()
	return slices.Concat(settings(listen), guardSettings(listen), channelSettings(), []setting{
		{name: "TICKLER_USER_TASKS", standard: "100000", help: "tasks that a user may have, deleted ones not counted; 0 for no limit", read: count(func(c *Config, n int) { c.UserTasks = n })},
		{name: "TICKLER_USER_CONFIRMATIONS", standard: "5", help: "mails to confirm an address that a user may ask for within 24 hours; 0 for no limit", read: count(func(c *Config, n int) { c.UserConfirmations = n })},
	})
}

func apiListen() string {
	if p := os.Getenv("APP_PORT"); p != "" {
		return net.JoinHostPort("127.0.0.1", p)
	}
	return "127.0.0.1:8080"
}

// Worker reads the settings of an app that handles events. listen is the default
// address of its probes and metrics.
func Worker(listen string) (Config, error) { return read(workerSettings(listen)) }

// Notifier reads the settings of notifier, a worker that also delivers to channels.
func Notifier(listen string) (Config, error) { return read(notifierSettings(listen)) }

// DatabaseURL reads only that setting, for commands that need no other.
func DatabaseURL() (string, error) {
	c, err := read(settings("")[:1])
	return c.DatabaseURL, err
}

// PublicURL reads only that setting.
func PublicURL() (string, error) {
	all := guardSettings(apiListen())
	c, err := read(all[slices.IndexFunc(all, func(s setting) bool { return s.name == publicURL }):][:1])
	return c.Guard.PublicURL, err
}

func read(all []setting) (Config, error) {
	var c Config
	var errs []error
	for _, s := range all {
		value, set := os.LookupEnv(s.name)
		if !set || value == "" {
			value = s.standard
		}
		if value == "" {
			if !s.optional {
				errs = append(errs, fmt.Errorf("%s is not set: %s%s", s.name, s.help, s.missing))
			}
			continue
		}
		if err := s.read(&c, value); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	return c, errors.Join(errs...)
}

// HelpAPI lists the settings of the api.
func HelpAPI(w io.Writer) { help(w, apiSettings()) }

// HelpWorker lists the settings of an app that works on events.
func HelpWorker(w io.Writer, listen string) { help(w, workerSettings(listen)) }

// HelpNotifier lists the settings of notifier.
func HelpNotifier(w io.Writer, listen string) { help(w, notifierSettings(listen)) }

func help(w io.Writer, all []setting) {
	_, _ = fmt.Fprintln(w, "Environment variables:")
	for _, s := range all {
		standard := "default " + s.standard
		switch {
		case s.optional:
			standard = "optional"
		case s.standard == "":
			standard = "required"
		}
		terminal.WriteEntry(w, s.name+" ("+standard+")", s.help)
	}
}
