package broker

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// One member of a group is alive and never joins again, as one whose handler hangs. The
// other asks to join, gives up waiting and asks again, as Dapr's client does.
func TestGroupGoesOnWithoutAMemberThatDoesNotJoinAgain(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	boundRebalances(cluster, time.Second)
	client := func() *kgo.Client {
		c, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...))
		require.NoError(t, err)
		t.Cleanup(c.Close)
		return c
	}
	join := func(c *kgo.Client, member string, patience time.Duration) (*kmsg.JoinGroupResponse, error) {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		request := kmsg.NewPtrJoinGroupRequest()
		request.Group, request.MemberID, request.ProtocolType = "group", member, "consumer"
		request.SessionTimeoutMillis, request.RebalanceTimeoutMillis = 10_000, 60_000
		request.Protocols = []kmsg.JoinGroupRequestProtocol{{Name: "range"}}
		return request.RequestWith(ctx, c)
	}
	member := func(c *kgo.Client) string {
		told, err := join(c, "", 5*time.Second)
		require.NoError(t, err)
		require.Equal(t, kerr.MemberIDRequired.Code, told.ErrorCode)
		return told.MemberID
	}
	first, second := client(), client()
	stays := member(first)
	joined, err := join(first, stays, 5*time.Second)
	require.NoError(t, err)
	require.Zero(t, joined.ErrorCode)
	go func() {
		for t.Context().Err() == nil { // alive
			beat := kmsg.NewPtrHeartbeatRequest()
			beat.Group, beat.MemberID, beat.Generation = "group", stays, joined.Generation
			_, _ = beat.RequestWith(t.Context(), first)
			time.Sleep(100 * time.Millisecond)
		}
	}()
	comes := member(second)
	require.Eventually(t, func() bool {
		told, err := join(second, comes, 1500*time.Millisecond)
		return err == nil && told.ErrorCode == 0
	}, 10*time.Second, time.Millisecond, "the group never gets together")
}
