package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"tickler/internal/lifecycle"
)

const awaitUsage = `Usage: api await VARIABLE

Waits until one of the addresses in an environment variable takes a TCP connection.
The variable holds host:port,host:port or URLs; what is printed names hosts and ports
alone. On Kubernetes the pods of notifier and recurrer run this before their sidecars.

`

const (
	lookInterval   = time.Second // between the beginnings of two attempts
	attemptTimeout = 5 * time.Second
	remindInterval = 30 * time.Second // between lines that say what is missing
)

// awaitCommand runs api await. It has no time limit: whoever started it has one, or
// none.
func awaitCommand(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("api await", flag.ContinueOnError)
	flags.Usage = func() { _, _ = fmt.Fprint(flags.Output(), awaitUsage) }
	if done, err := parseFlags(flags, args); done || err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return fmt.Errorf("await: want the name of one variable, for example KAFKA_BROKERS: %w", errUsage)
	}
	variable := flags.Arg(0)
	addresses, err := addressesIn(os.Getenv(variable))
	if err != nil {
		return fmt.Errorf("await: %s %w: %w", variable, err, errUsage)
	}
	ctx, stop := lifecycle.Interrupted()
	defer stop()
	return await(ctx, variable, addresses, stdout)
}

// await returns when one of the addresses takes a connection, or with an error when ctx
// ends.
func await(ctx context.Context, variable string, addresses []string, stdout io.Writer) error {
	begun := time.Now()
	look := time.NewTicker(lookInterval)
	defer look.Stop()
	var said time.Time
	for {
		address, err := reach(ctx, addresses)
		if err == nil {
			_, _ = fmt.Fprintf(stdout, "%s takes connections, after %s\n", address, time.Since(begun).Round(time.Second))
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("await: stopped before %s took a connection", strings.Join(addresses, " or "))
		}
		if time.Since(said) >= remindInterval {
			_, _ = fmt.Fprintf(stdout, "waiting for %s: %v\n", variable, err)
			said = time.Now()
		}
		select {
		case <-look.C:
		case <-ctx.Done():
		}
	}
}

// reach returns the first of the addresses that takes a connection, or why none does.
func reach(ctx context.Context, addresses []string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	type attempt struct {
		address string
		err     error
	}
	attempts := make(chan attempt, len(addresses))
	for _, address := range addresses {
		go func() {
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
			if err == nil {
				_ = conn.Close()
			}
			attempts <- attempt{address, err}
		}()
	}
	var reasons []string
	for range addresses {
		a := <-attempts
		if a.err == nil {
			return a.address, nil
		}
		reasons = append(reasons, a.err.Error())
	}
	return "", errors.New(strings.Join(reasons, "; "))
}

// standardPorts are those of URLs that need not name one.
var standardPorts = map[string]string{"amqp": "5672", "amqps": "5671", "nats": "4222", "tls": "4222"}

// addressesIn reads host:port,host:port or URLs, or a list of URLs. Its error quotes
// nothing of them: a URL can hold a password.
func addressesIn(value string) (addresses []string, err error) {
	for _, entry := range entriesOf(value) {
		scheme, rest, isURL := strings.Cut(entry, "://")
		if isURL {
			if end := strings.IndexAny(rest, "/?#"); end >= 0 {
				rest = rest[:end]
			}
			rest = rest[strings.LastIndex(rest, "@")+1:]
		} else {
			rest = entry
		}
		for address := range strings.SplitSeq(rest, ",") {
			address = strings.TrimSpace(address)
			host, port, err := net.SplitHostPort(address)
			if standard := standardPorts[scheme]; isURL && standard != "" && (err != nil || port == "") {
				host, port = strings.Trim(strings.TrimSuffix(address, ":"), "[]"), standard
			}
			if host == "" || port == "" {
				return nil, errors.New("must hold host:port,host:port or URLs, for example redpanda:9092")
			}
			addresses = append(addresses, net.JoinHostPort(host, port))
		}
	}
	return addresses, nil
}

// entriesOf splits a list at its commas, but leaves a URL whole: its password may hold
// some, and so may its hosts.
func entriesOf(value string) (entries []string) {
	for part := range strings.SplitSeq(value, ",") {
		part = strings.TrimSpace(part)
		if last := len(entries) - 1; last >= 0 && strings.Contains(entries[last], "://") && !strings.Contains(part, "://") {
			entries[last] += "," + part
			continue
		}
		entries = append(entries, part)
	}
	return entries
}
