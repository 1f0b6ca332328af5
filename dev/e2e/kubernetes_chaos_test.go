package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/dev/broker"
	"tickler/dev/chaos"
)

// What make chaos-k8s says of the run: its seed, and for how many minutes it disturbs.
const (
	seedVariable    = "TICKLER_CHAOS_SEED"
	minutesVariable = "TICKLER_CHAOS_MINUTES"
)

// TestChaosOnKubernetes deploys to the cluster that KUBECONFIG names, disturbs it while
// users work, and balances the books: make chaos-k8s.
func TestChaosOnKubernetes(t *testing.T) {
	if os.Getenv(hostVariable) == "" || os.Getenv(seedVariable) == "" {
		t.Skip("it wants a cluster: make chaos-k8s")
	}
	seed, err := strconv.ParseUint(os.Getenv(seedVariable), 10, 64)
	require.NoError(t, err, seedVariable)
	minutes, err := strconv.ParseFloat(os.Getenv(minutesVariable), 64)
	require.NoError(t, err, minutesVariable)
	s := deploy(t)
	report, err := chaos.Run(t.Context(), disturbedCluster{t, s}, chaos.Config{
		Seed: seed, Length: time.Duration(minutes * float64(time.Minute)), Output: os.Stdout,
	})
	require.NoError(t, err)
	t.Log(report)
	require.Empty(t, report.Findings)
}

// disturbedCluster is a deployment for the driver of make chaos.
type disturbedCluster struct {
	t *testing.T
	*system
}

// Addresses has the Service alone: it spreads connections over the pods.
func (c disturbedCluster) Addresses() []string {
	address := strings.TrimPrefix(c.cluster.url, "http://")
	if _, _, err := net.SplitHostPort(address); err != nil {
		address += ":80"
	}
	return []string{address}
}

// Dial knows the names of the cluster as reach told.
func (c disturbedCluster) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return http.DefaultTransport.(*http.Transport).DialContext(ctx, network, address)
}

func (c disturbedCluster) Token(_ context.Context, user string) (string, error) {
	return c.api(c.t, "token", "create", "--user", user), nil
}

func (c disturbedCluster) Link(_ context.Context, user string) (string, error) {
	return c.api(c.t, "user", "link", "--create", "--user", user), nil
}

func (c disturbedCluster) Broker() broker.Access { return c.cluster.stores.access }

func (c disturbedCluster) HookHost() string { return c.cluster.stores.host }

func (c disturbedCluster) Letters(context.Context) ([]string, error) {
	lines := strings.Split(c.api(c.t, "deadletters", "list"), "\n")
	return lines[1:], nil // the first names the columns
}

func (c disturbedCluster) Trail(ctx context.Context, taskID int64) string {
	return chaos.Trail(ctx, c.DatabaseURL(), taskID)
}

func (c disturbedCluster) Logged(text string) (found []string) {
	for _, app := range deployed {
		logs := output("-n", namespace, "logs", "-l", "app.kubernetes.io/name="+app, "-c", app, "--tail=-1", "--prefix")
		for line := range strings.Lines(logs) {
			if strings.Contains(line, text) {
				found = append(found, line)
			}
		}
	}
	return found
}

// Heal waits until every replica is ready.
func (c disturbedCluster) Heal(context.Context) error {
	for _, app := range deployed {
		if err := try("-n", namespace, "scale", "deployment/"+app, "--replicas=2"); err != nil {
			return err
		}
	}
	for _, app := range deployed {
		if err := try("-n", namespace, "rollout", "status", "deployment/"+app, "--timeout=5m"); err != nil {
			return err
		}
	}
	return nil
}

// Disturbances are what happens to a deployment: pods go, versions are rolled out,
// replicas come and go, and the database and the broker, which run outside, are away.
func (c disturbedCluster) Disturbances() []chaos.Disturbance {
	const second = time.Second
	stores := c.cluster.stores
	return []chaos.Disturbance{
		{Name: "pod deleted", Targets: deployed, Least: 3 * second, Most: 10 * second, Do: c.deletePod("--wait=false")},
		{Name: "pod killed", Targets: deployed, Least: 3 * second, Most: 10 * second, Do: c.deletePod("--wait=false", "--grace-period=0", "--force")},
		{Name: "all pods killed", Targets: deployed, Least: 5 * second, Most: 20 * second, Do: c.deleteAll},
		{Name: "rolled out", Targets: deployed, Least: 5 * second, Most: 20 * second, Do: func(app string, lasts time.Duration) error {
			defer time.Sleep(lasts)
			return try("-n", namespace, "rollout", "restart", "deployment/"+app)
		}},
		{Name: "scaled to three and back", Targets: deployed, Least: 10 * second, Most: 30 * second, Do: func(app string, lasts time.Duration) error {
			if err := try("-n", namespace, "scale", "deployment/"+app, "--replicas=3"); err != nil {
				return err
			}
			time.Sleep(lasts)
			return try("-n", namespace, "scale", "deployment/"+app, "--replicas=2")
		}},
		{Name: "broker restarted", Targets: []string{"broker"}, Least: second, Most: second, Do: func(string, time.Duration) error { return stores.restartBroker(0) }},
		{Name: "broker away, all pods deleted", Targets: []string{"broker"}, Least: 25 * second, Most: 150 * second, Do: c.brokerAway},
		{Name: "Postgres restarted", Targets: []string{"postgres"}, Least: 4 * second, Most: 20 * second, Do: func(_ string, lasts time.Duration) error {
			return stores.restartPostgres(context.Background(), lasts)
		}},
		{Name: "freeze Postgres", Targets: []string{"postgres"}, Least: 4 * second, Most: 20 * second, Do: func(_ string, lasts time.Duration) error {
			if err := stores.server.Process.Signal(syscall.SIGSTOP); err != nil {
				return err
			}
			time.Sleep(lasts) // no new sessions meanwhile; those that are there go on
			return stores.server.Process.Signal(syscall.SIGCONT)
		}},
	}
}

// podsOf is pods for a disturbance, which is tried again later if kubectl fails.
func podsOf(app string) []string {
	printed, _ := exec.Command("kubectl", listPods(app)...).Output()
	return strings.Fields(string(printed))
}

func (c disturbedCluster) deletePod(how ...string) func(string, time.Duration) error {
	return func(app string, lasts time.Duration) error {
		there := podsOf(app)
		if len(there) == 0 {
			return fmt.Errorf("%s has no pods", app)
		}
		defer time.Sleep(lasts)
		return try(append([]string{"-n", namespace, "delete", "pod", there[0]}, how...)...)
	}
}

func (c disturbedCluster) deleteAll(app string, lasts time.Duration) error {
	defer time.Sleep(lasts)
	return try("-n", namespace, "delete", "pod", "-l", "app.kubernetes.io/name="+app, "--wait=false", "--grace-period=0", "--force")
}

// brokerAway deletes every pod while there is no broker: the new ones start without.
func (c disturbedCluster) brokerAway(_ string, lasts time.Duration) error {
	stores := c.cluster.stores
	stores.stopBroker()
	for _, app := range deployed {
		time.Sleep(lasts / time.Duration(len(deployed)+1))
		if err := try("-n", namespace, "delete", "pod", "-l", "app.kubernetes.io/name="+app, "--wait=false"); err != nil {
			return err
		}
	}
	time.Sleep(lasts / time.Duration(len(deployed)+1))
	return stores.startBroker()
}
