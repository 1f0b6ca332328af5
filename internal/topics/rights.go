package topics

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"tickler/internal/event"
)

// Apps that speak to the broker, each as a user of its own.
var Apps = []string{"api", "notifier", "recurrer"}

// scramIterations is what Kafka asks for at least.
const scramIterations = 4096

// User is the name of an app's user, unless an operator chose another.
func User(app string) string { return "tickler-" + app }

// Group is the consumer group of an app, as its Dapr component names it.
func Group(app string) string { return "tickler-" + app }

// Rights are all that an app does on the broker.
type Rights struct {
	App   string
	Write []string // topics
	Read  []string // topics, in the app's Group
}

// RightsOf lists the rights of each app on some topics. Every app writes every event,
// since its relay publishes for all; it reads, and writes the dead letters of, the
// topics of which it is the reader.
func RightsOf(all []event.Topic) []Rights {
	published := event.PublishedTopics()
	var rights []Rights
	for _, app := range Apps {
		r := Rights{App: app}
		for _, topic := range all {
			if slices.Contains(published, topic.Name) || topic.Reader == app {
				r.Write = append(r.Write, topic.Name)
			}
			if topic.Reader == app {
				r.Read = append(r.Read, topic.Name)
			}
		}
		rights = append(rights, r)
	}
	return rights
}

// A Login is the user of an app. Without a password the user is somebody else's to
// make, and only gets rights.
type Login struct{ App, User, Password string }

// ErrNoRights is returned by Grant when the broker takes every user for one who may do
// everything.
var ErrNoRights = errors.New("the broker has no authorizer: every user may do everything")

// Grant makes the users whose password is given, or gives them that password, and
// allows each what its app does on the topics. It may be run as often as one likes. It
// takes nothing away: what a user was allowed before, it still is.
func Grant(ctx context.Context, access Access, logins []Login, all []event.Topic) error {
	client, err := access.Client()
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	if err := makeUsers(ctx, admin, access, logins); err != nil {
		return err
	}
	rights := RightsOf(all)
	for _, login := range logins {
		i := slices.IndexFunc(rights, func(r Rights) bool { return r.App == login.App })
		if i < 0 {
			return fmt.Errorf("there is no app %q: known are %s", login.App, strings.Join(Apps, ", "))
		}
		r := rights[i]
		allow := []*kadm.ACLBuilder{kadm.NewACLs().Topics(r.Write...).Operations(kadm.OpWrite)}
		if len(r.Read) > 0 {
			allow = append(allow,
				kadm.NewACLs().Topics(r.Read...).Operations(kadm.OpRead),
				kadm.NewACLs().Groups(Group(login.App)).Operations(kadm.OpRead))
		}
		if err := permit(ctx, admin, login.User, allow); err != nil {
			return err
		}
	}
	return nil
}

// permit gives a user rights on what each of the rules names.
func permit(ctx context.Context, admin *kadm.Client, user string, allow []*kadm.ACLBuilder) error {
	for _, rules := range allow {
		made, err := admin.CreateACLs(ctx, rules.ResourcePatternType(kadm.ACLPatternLiteral).Allow("User:"+user).AllowHosts("*"))
		for _, one := range made {
			err = errors.Join(err, one.Err)
		}
		if err != nil {
			return fmt.Errorf("rights of the user %s: %w", user, refused(err))
		}
	}
	return nil
}

// A Reader is a program of somebody else's that follows the events. It may read
// the topics that are there for others, in the consumer group that has its name,
// and nothing else. Without a password the user must exist.
type Reader struct{ User, Password string }

// ReadableTopics lists the topics that are there for others.
func ReadableTopics() (names []string) {
	for _, topic := range event.Topics() {
		if topic.Reader == "" {
			names = append(names, topic.Name)
		}
	}
	return names
}

// Admit makes a reader's user if its password is given, or gives it that password,
// and its rights. It may be run as often as one likes.
func Admit(ctx context.Context, access Access, reader Reader) error {
	if slices.ContainsFunc(Apps, func(app string) bool { return reader.User == User(app) }) {
		return fmt.Errorf("%s is the user of one of Tickler's own apps: choose another name", reader.User)
	}
	if reader.User == access.Username {
		return fmt.Errorf("%s is the user who does this: choose another name", reader.User)
	}
	client, err := access.Client()
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.Ping(ctx); err != nil {
		return unreachable(access, err)
	}
	admin := kadm.NewClient(client)
	if err := makeUsers(ctx, admin, access, []Login{{User: reader.User, Password: reader.Password}}); err != nil {
		return err
	}
	return permit(ctx, admin, reader.User, []*kadm.ACLBuilder{
		kadm.NewACLs().Topics(ReadableTopics()...).Operations(kadm.OpRead),
		kadm.NewACLs().Groups(reader.User).Operations(kadm.OpRead),
	})
}

func makeUsers(ctx context.Context, admin *kadm.Client, access Access, logins []Login) error {
	mechanism := kadm.ScramSha256
	if access.Mechanism == SHA512 {
		mechanism = kadm.ScramSha512
	}
	var users []kadm.UpsertSCRAM
	for _, login := range logins {
		if login.Password != "" {
			users = append(users, kadm.UpsertSCRAM{User: login.User, Mechanism: mechanism, Iterations: scramIterations, Password: login.Password})
		}
	}
	if len(users) == 0 {
		return nil
	}
	made, err := admin.AlterUserSCRAMs(ctx, nil, users)
	for _, one := range made {
		err = errors.Join(err, withDetail(one.Err, one.ErrMessage))
	}
	if err != nil {
		return fmt.Errorf("making users: %w", refused(err))
	}
	return nil
}

func refused(err error) error {
	switch {
	case errors.Is(err, kerr.SecurityDisabled):
		return ErrNoRights
	case errors.Is(err, kerr.ClusterAuthorizationFailed):
		return fmt.Errorf("this user may not: grant it ALTER on the cluster, or leave users and rights to others with --no-rights (%w)", err)
	default:
		return err
	}
}
