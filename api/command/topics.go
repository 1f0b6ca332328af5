package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"tickler/internal/event"
	"tickler/internal/topics"
)

const topicsUsage = `Usage: api topics create [--partitions TOPIC=N]... [--accept-differences]
                         [--user APP=NAME]... [--no-rights]

Makes the topics of the task bus, with dead letters, on a broker that speaks
Kafka's protocol, and allows the user of each app what it does there and nothing
else. It may be run as often as one likes: a topic that exists is never changed,
only compared, and no right is taken away. Exit status 0 says that all is as wanted.

`

const admitUsage = `Usage: api topics admit USER

Lets a program of somebody else's follow the events, on a broker that speaks Kafka's
protocol: USER may read ` + event.TopicTaskEvents + ` in the consumer group USER, and nothing else.
With KAFKA_READER_PASSWORD the user is made, or gets this password; without, it must
exist. It may be run as often as one likes. docs/brokers.md tells about other brokers.

`

// topicsCommand runs api topics create and api topics admit. They need the broker,
// and nothing else of Tickler: no database, no sidecar.
func topicsCommand(args []string, stdout io.Writer) error {
	if len(args) > 0 && args[0] == "admit" {
		return admitCommand(args[1:], stdout)
	}
	if len(args) == 0 || args[0] != "create" {
		return fmt.Errorf("topics: want create or admit: %w", errUsage)
	}
	flags := flag.NewFlagSet("api topics create", flag.ContinueOnError)
	accept := flags.Bool("accept-differences", false, "exit with 0 although topics that exist have other partitions or retention")
	wanted := event.Topics()
	flags.Func("partitions", "partitions of a topic, as `TOPIC=N`, instead of the default; may be given several times", func(text string) error {
		return setPartitions(wanted, text)
	})
	logins := topics.LoginsFromEnvironment()
	flags.Func("user", "user of an app on the broker, as `APP=NAME`, instead of tickler-APP; may be given several times", func(text string) error {
		return setUser(logins, text)
	})
	noRights := flags.Bool("no-rights", false, "leave users and their rights as they are")
	flags.Usage = func() {
		_, _ = fmt.Fprint(flags.Output(), topicsUsage)
		flags.PrintDefaults()
		_, _ = fmt.Fprint(flags.Output(), "\nEnvironment variables:\n", topics.Environment, topics.CreateEnvironment)
	}
	if done, err := onlyFlags(flags, args[1:]); done || err != nil {
		return err
	}
	access, err := topics.FromEnvironment()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	results, err := topics.Create(ctx, access, wanted)
	differ := 0
	for _, r := range results {
		switch {
		case r.Created:
			_, _ = fmt.Fprintf(stdout, "%s: made, %d partitions, events kept for %s\n", r.Name, r.Partitions, r.Retention)
		case len(r.Differences) == 0:
			_, _ = fmt.Fprintf(stdout, "%s: as wanted\n", r.Name)
		default:
			differ++
			for _, difference := range r.Differences {
				_, _ = fmt.Fprintf(stdout, "%s: left as it is, but %s\n", r.Name, difference)
			}
		}
	}
	if err == nil && !*noRights {
		err = grant(ctx, access, logins, wanted, stdout)
	}
	if err == nil && differ > 0 && !*accept {
		err = fmt.Errorf("%d topics are not as wanted: change them with the broker's own tools, or run this with --accept-differences", differ)
	}
	return err
}

func admitCommand(args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("api topics admit", flag.ContinueOnError)
	flags.Usage = func() {
		_, _ = fmt.Fprint(flags.Output(), admitUsage, "Environment variables:\n", topics.Environment,
			"  KAFKA_READER_PASSWORD     the password of USER                         optional\n")
	}
	if done, err := parseFlags(flags, args); done || err != nil {
		return err
	}
	if flags.NArg() != 1 || flags.Arg(0) == "" {
		return fmt.Errorf("topics admit: want the name of one user: %w", errUsage)
	}
	access, err := topics.FromEnvironment()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	reader := topics.Reader{User: flags.Arg(0), Password: os.Getenv("KAFKA_READER_PASSWORD")}
	err = topics.Admit(ctx, access, reader)
	if errors.Is(err, topics.ErrNoRights) {
		_, _ = fmt.Fprintf(stdout, "rights: none given, %v\n", topics.ErrNoRights)
		return nil
	}
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(stdout, "%s: may read %s in the group %[1]s\n", reader.User, strings.Join(topics.ReadableTopics(), ", "))
	return nil
}

// grant gives the users of the apps their rights, and says which.
func grant(ctx context.Context, access topics.Access, logins []topics.Login, wanted []event.Topic, stdout io.Writer) error {
	err := topics.Grant(ctx, access, logins, wanted)
	if errors.Is(err, topics.ErrNoRights) {
		_, _ = fmt.Fprintf(stdout, "rights: none given, %v\n", topics.ErrNoRights)
		return nil
	}
	if err != nil {
		return err
	}
	for i, rights := range topics.RightsOf(wanted) {
		_, _ = fmt.Fprintf(stdout, "%s: may write %s", logins[i].User, strings.Join(rights.Write, ", "))
		if len(rights.Read) > 0 {
			_, _ = fmt.Fprintf(stdout, "; may read %s in the group %s", strings.Join(rights.Read, ", "), topics.Group(rights.App))
		}
		_, _ = fmt.Fprintln(stdout)
	}
	return nil
}

// setUser reads APP=NAME into one of the logins.
func setUser(all []topics.Login, text string) error {
	app, name, _ := strings.Cut(text, "=")
	if name == "" {
		return errors.New("want APP=NAME, for example notifier=tasks-notifier")
	}
	for i := range all {
		if all[i].App == app {
			all[i].User = name
			return nil
		}
	}
	return fmt.Errorf("there is no app %q: known are %s", app, strings.Join(topics.Apps, ", "))
}

// setPartitions reads TOPIC=N into one of the topics.
func setPartitions(all []event.Topic, text string) error {
	name, number, _ := strings.Cut(text, "=")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 {
		return fmt.Errorf("want TOPIC=N with N from 1, for example %s=6", event.TopicTaskRecurrence)
	}
	var known []string
	for i := range all {
		if all[i].Name == name {
			all[i].Partitions = n
			return nil
		}
		known = append(known, all[i].Name)
	}
	return fmt.Errorf("there is no topic %q: known are %s", name, strings.Join(known, ", "))
}
