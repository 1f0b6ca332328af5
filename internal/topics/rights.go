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

// Apps that speak to the broker, each as a user of its own. api does not.
var Apps = []string{"notifier", "recurrer"}

// scramIterations is the least that Kafka accepts.
const scramIterations = 4096

// User is the name of an app's user, unless an operator chose another.
func User(app string) string { return "tickler-" + app }

// Group is the consumer group of an app, as its Dapr component names it.
func Group(app string) string { return "tickler-" + app }

// Rights are what an app needs on the broker.
type Rights struct {
	App   string
	Write []string // topics
	Read  []string // topics, in the app's Group
}

// RightsOf lists the rights of each app on some topics. Each writes every event, since
// its relay publishes for all. An app reads the topics whose reader it
// is, and writes their dead letters.
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

// A Login is the user of an app. Without a password the user must exist, and is
// only granted rights.
type Login struct{ App, User, Password string }

// ErrNoRights means that the broker has no authorizer and lets every user do
// everything.
var ErrNoRights = errors.New("the broker has no authorizer: every user may do everything")

// Grant creates the users whose password is given, or sets that password, and
// grants each the rights of its app on the topics. It is idempotent, and revokes
// nothing.
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

// permit grants a user the rights of each rule.
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

// A Reader is a third party's program that follows the events. It may read the
// topics that are meant for third parties, in the consumer group of its own name,
// and nothing else. Without a password the user must exist.
type Reader struct{ User, Password string }

// ReadableTopics lists the topics that are meant for third parties.
func ReadableTopics() (names []string) {
	for _, topic := range event.Topics() {
		if topic.Reader == "" {
			names = append(names, topic.Name)
		}
	}
	return names
}

// Admit creates a reader's user if a password is given, or sets that password, and
// grants its rights. It is idempotent.
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
