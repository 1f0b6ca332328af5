package topics_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"tickler/internal/event"
	"tickler/internal/topics"
)

// guarded runs a broker that holds users to their rights, with all topics.
func guarded(t *testing.T) topics.Access {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL(), kfake.EnableACLs(), kfake.Superuser(topics.SHA256, "root", "p"))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	access := topics.Access{Brokers: cluster.ListenAddrs(), Username: "root", Password: "p"}
	_, err = topics.Create(soon(t), access, event.Topics())
	require.NoError(t, err)
	return access
}

func logins() (all []topics.Login) {
	for _, app := range topics.Apps {
		all = append(all, topics.Login{App: app, User: topics.User(app), Password: "password of " + app})
	}
	return all
}

func TestUserOfAnAppDoesItsWorkAndNothingElse(t *testing.T) {
	access := guarded(t)
	for range 2 { // the second time changes nothing
		require.NoError(t, topics.Grant(soon(t), access, logins(), event.Topics()))
	}
	for i, login := range logins() {
		own := access
		own.Username, own.Password = login.User, login.Password
		client, err := own.Client()
		require.NoError(t, err)
		t.Cleanup(client.Close)
		rights := topics.RightsOf(event.Topics())[i]
		for _, topic := range event.Topics() {
			err := client.ProduceSync(soon(t), &kgo.Record{Topic: topic.Name, Key: []byte("1"), Value: []byte(login.App)}).FirstErr()
			if slices.Contains(rights.Write, topic.Name) {
				require.NoError(t, err, "%s writes %s", login.App, topic.Name)
			} else {
				require.ErrorIs(t, err, kerr.TopicAuthorizationFailed, "%s writes %s", login.App, topic.Name)
			}
			for _, group := range []string{topics.Group("notifier"), topics.Group("recurrer"), "of-its-own"} {
				mine := slices.Contains(rights.Read, topic.Name) && group == topics.Group(login.App)
				require.Equal(t, mine, reads(t, own, topic.Name, group), "%s reads %s in the group %s", login.App, topic.Name, group)
			}
		}
		admin := kadm.NewClient(client)
		made, err := admin.CreateTopic(soon(t), 1, 1, nil, "invented")
		require.ErrorIs(t, errorOf(err, made.Err), kerr.TopicAuthorizationFailed)
		deleted, err := admin.DeleteTopic(soon(t), event.TopicTaskEvents)
		require.ErrorIs(t, errorOf(err, deleted.Err), kerr.TopicAuthorizationFailed)
		require.Error(t, topics.Grant(soon(t), own, []topics.Login{login}, event.Topics()), "%s gives itself rights", login.App)
	}
}

// reads tells whether a record of the topic is handed over to a member of the group,
// and its offset is taken.
func reads(t *testing.T, access topics.Access, topic, group string) bool {
	t.Helper()
	client, err := access.Client(kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(), kgo.FetchMaxWait(50*time.Millisecond))
	require.NoError(t, err)
	defer client.CloseAllowingRebalance()
	root := access
	root.Username, root.Password = "root", "p"
	planter, err := root.Client()
	require.NoError(t, err)
	defer planter.Close()
	require.NoError(t, planter.ProduceSync(soon(t), &kgo.Record{Topic: topic, Value: []byte("read me")}).FirstErr())
	for ctx := soon(t); ; {
		fetches := client.PollFetches(ctx)
		if fetches.NumRecords() > 0 {
			return client.CommitUncommittedOffsets(ctx) == nil
		}
		if fetches.Err() != nil {
			require.NoError(t, ctx.Err(), "it is told that it may not, or gets the record")
			return false
		}
	}
}

func errorOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestWhoMayNotSetRightsIsToldWhatToDo(t *testing.T) {
	access := guarded(t)
	require.NoError(t, topics.Grant(soon(t), access, logins(), event.Topics()))
	access.Username, access.Password = topics.User("recurrer"), "password of recurrer"
	err := topics.Grant(soon(t), access, []topics.Login{{App: "notifier", User: "tickler-notifier"}}, event.Topics())
	require.ErrorContains(t, err, "rights of the user tickler-notifier: this user may not: grant it ALTER on the cluster")
	err = topics.Grant(soon(t), access, logins(), event.Topics())
	require.ErrorContains(t, err, "making users: this user may not")
}

func TestRightsNameEveryTopicThatAnAppTouches(t *testing.T) {
	require.Equal(t, []topics.Rights{
		{App: "notifier", Write: []string{"task-events", "task-reminders", "task-recurrence", "task-reminders-deadletter"}, Read: []string{"task-reminders", "task-reminders-deadletter"}},
		{App: "recurrer", Write: []string{"task-events", "task-reminders", "task-recurrence", "task-recurrence-deadletter"}, Read: []string{"task-recurrence", "task-recurrence-deadletter"}},
	}, topics.RightsOf(event.Topics()))
}

func TestReaderFollowsTheEventsAndDoesNothingElse(t *testing.T) {
	access := guarded(t)
	require.NoError(t, topics.Grant(soon(t), access, logins(), event.Topics()))
	for range 2 { // the second time changes nothing
		require.NoError(t, topics.Admit(soon(t), access, topics.Reader{User: "shop", Password: "password of shop"}))
	}
	own := access
	own.Username, own.Password = "shop", "password of shop"
	client, err := own.Client()
	require.NoError(t, err)
	t.Cleanup(client.Close)
	for _, topic := range event.Topics() {
		require.Error(t, client.ProduceSync(soon(t), &kgo.Record{Topic: topic.Name, Value: []byte("forged")}).FirstErr(), "it writes %s", topic.Name)
		for _, group := range []string{"shop", topics.Group("notifier"), topics.Group("recurrer")} {
			mine := topic.Name == event.TopicTaskEvents && group == "shop"
			require.Equal(t, mine, reads(t, own, topic.Name, group), "it reads %s in the group %s", topic.Name, group)
		}
	}
	require.ErrorContains(t, topics.Admit(soon(t), own, topics.Reader{User: "friend", Password: "p"}), "this user may not")
}

func TestReaderIsNoUserThatHasOtherWork(t *testing.T) {
	access := guarded(t)
	for _, user := range []string{"tickler-notifier", "tickler-recurrer", access.Username} {
		require.ErrorContains(t, topics.Admit(soon(t), access, topics.Reader{User: user}), "choose another name")
	}
}
