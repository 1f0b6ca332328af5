package e2e

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/topics"
)

// long is how long the broker stays away after the workers started without it.
// Kubernetes waits longer each time before it starts a failed container again, 80 s
// after the fourth: a worker that came to life only by being started again would be late.
const long = 2 * time.Minute

// startWithoutTheBroker starts every pod anew while the broker is away.
func (s *system) startWithoutTheBroker(t *testing.T) {
	stores := s.cluster.stores
	w := beginWithin(t, s, math.MaxInt, atWork)
	w.reaches(t, 50)
	stores.stopBroker()
	away := true
	t.Cleanup(func() { // the cases that follow need it
		if away {
			require.NoError(t, stores.startBroker())
		}
	})
	s.renewAPI(t, w)
	w.finish()

	for _, app := range topics.Apps {
		replace(t, pods(t, app)...)
	}
	for _, app := range topics.Apps {
		until(t, later, app+" to wait for the broker", func() bool {
			said := output("-n", namespace, "logs", "deployment/"+app, "-c", "broker")
			return strings.Contains(said, "waiting for BROKER_ADDRESS: dial tcp "+stores.access.Brokers[0])
		})
	}
	meanwhile := beginWithin(t, s, 50, atWork)
	time.Sleep(long)
	requireSteady(t)
	meanwhile.calls.Wait()
	require.Empty(t, meanwhile.trouble)

	begun := time.Now()
	require.NoError(t, stores.startBroker())
	away = false
	for _, app := range topics.Apps {
		rolledOut(t, app)
		t.Logf("%s was ready %v after the broker was back", app, time.Since(begun).Round(time.Second))
	}
	w.ends(t, 0)
	meanwhile.ends(t, 0)
	requireSteady(t)
	t.Logf("%d and %d tasks were worked on; clients had to repeat calls: %v, %v", w.size, meanwhile.size, w.again, meanwhile.again)
}

// startWithoutDapr starts api anew while Dapr's control plane is away. Workers that run
// go on; a pod of theirs can be made again when Dapr is back.
func (s *system) startWithoutDapr(t *testing.T) {
	if os.Getenv(daprVariable) == "" {
		t.Skip("it takes Dapr's control plane away from the whole cluster: " + daprVariable)
	}
	w := beginWithin(t, s, math.MaxInt, atWork)
	w.reaches(t, 50)
	giveBack := takeDapr(t)
	s.renewAPI(t, w)
	w.finish()
	s.drained(t, w.person)
	s.scanned(t, w.person)
	for _, app := range topics.Apps {
		replace(t, pods(t, app)[0])
	}
	s.drained(t, w.person)
	s.scanned(t, w.person)

	giveBack()
	for _, app := range topics.Apps { // Kubernetes would try again by itself, minutes later
		kubectl(t, "-n", namespace, "rollout", "restart", "deployment/"+app)
	}
	rolledOut(t, topics.Apps...)
	w.ends(t, 0)
	requireSteady(t)
	t.Logf("%d tasks were worked on; clients had to repeat calls: %v", w.size, w.again)
}

// renewAPI replaces all pods of api in each way there is, while clients work.
func (s *system) renewAPI(t *testing.T, w *work) {
	t.Helper()
	for _, c := range []struct {
		name    string
		disturb func()
	}{
		{"deleted", func() { replace(t, pods(t, "api")...) }},
		{"rolled out", func() { kubectl(t, "-n", namespace, "rollout", "restart", "deployment/api") }},
		{"scaled out", func() { scale(t, "api", 4) }},
		{"scaled back", func() { scale(t, "api", 2) }},
	} {
		c.disturb()
		rolledOut(t, "api")
		w.reaches(t, int(w.added.Load())+50)
		t.Logf("api was %s: all of it is ready, and clients work on", c.name)
	}
}

// replace deletes pods, all at once, and waits until they are gone.
func replace(t *testing.T, pods ...string) {
	t.Helper()
	kubectl(t, append([]string{"-n", namespace, "delete", "pod", "--timeout=2m"}, pods...)...)
}

func scale(t *testing.T, app string, replicas int) {
	t.Helper()
	kubectl(t, "-n", namespace, "scale", "deployment/"+app, fmt.Sprintf("--replicas=%d", replicas))
}

// takeDapr stops every process of Dapr's control plane. It returns how to start them
// again, which happens at the end in any case.
func takeDapr(t *testing.T) (giveBack func()) {
	t.Helper()
	in := os.Getenv(daprVariable)
	require.Contains(t, kubectl(t, "get", "mutatingwebhookconfiguration", "dapr-sidecar-injector", "-o", "jsonpath={.webhooks[0].namespaceSelector}"), in,
		"without the selectors of k8s/dapr-values.yaml Dapr could not start again")
	replicas := map[string]string{} // of each part
	for _, line := range strings.Fields(kubectl(t, "-n", in, "get", "deployments,statefulsets", "-o",
		`go-template={{range .items}}{{.kind}}/{{.metadata.name}}={{.spec.replicas}} {{end}}`)) {
		part, count, _ := strings.Cut(line, "=")
		replicas[part] = count
	}
	require.NotEmpty(t, replicas, "there is no Dapr in the namespace %s", in)
	giveBack = func() {
		for part, count := range replicas {
			kubectl(t, "-n", in, "scale", part, "--replicas="+count)
		}
		for part := range replicas {
			kubectl(t, "-n", in, "rollout", "status", part, "--timeout=3m")
		}
	}
	t.Cleanup(giveBack)
	for part := range replicas {
		kubectl(t, "-n", in, "scale", part, "--replicas=0")
	}
	kubectl(t, "-n", in, "wait", "--for=delete", "pod", "--all", "--timeout=2m")
	return giveBack
}
