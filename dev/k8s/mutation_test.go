package manifests_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each line takes something away that matters, and must be noticed. old is replaced
// everywhere in the file by new; noticed is part of what the review then says.
var mutations = []struct{ name, overlay, file, old, new, noticed string }{
	{"scope of a component", "redpanda", "components/apps/reminder-scan.yaml", "scopes:\n  - notifier\n", "", "components of api: Dapr loads"},
	{"scope of the bus", "redpanda", "components/brokers/redpanda/taskbus.yaml", "  - recurrer\n", "", "components of recurrer: Dapr loads"},
	{"scope of the secret store", "redpanda", "components/apps/secrets.yaml", "scopes:\n  - notifier\n  - recurrer\n", "", "components of agent: Dapr loads"},
	{"scope of a subscription", "redpanda", "components/brokers/redpanda/subscriptions.yaml", "scopes:\n  - recurrer\n", "", "subscription task-recurrence: is of the apps []"},
	{"dead letters", "redpanda", "components/brokers/redpanda/subscriptions.yaml", "  deadLetterTopic: task-recurrence-deadletter\n", "", "subscription task-recurrence: nobody reads its dead letters"},
	{"route of a subscription", "redpanda", "components/brokers/redpanda/subscriptions.yaml", "default: /events/task-reminders\n", "default: /events/task-recurrence\n", "subscription task-reminders: leads to"},
	{"a subscription", "redis", "components/brokers/redis/kustomization.yaml", "  - subscriptions.yaml\n", "", "there is no Subscription task-recurrence"},
	{"a reading component", "rabbitmq", "components/brokers/rabbitmq/kustomization.yaml", "  - reading.yaml\n", "", "components of notifier: Dapr loads"},
	{"retries", "redpanda", "components/apps/resiliency.yaml", "        inbound:\n          retry: redeliver\n", "        outbound:\n          retry: redeliver\n", "nothing is tried again that comes through taskbus"},
	{"retries of a reading component", "rabbitmq", "components/brokers/rabbitmq/kustomization.yaml", "  - resiliency.yaml\n", "", "nothing is tried again that comes through taskbus-task-recurrence"},
	{"retries without meaning", "redpanda", "components/apps/resiliency.yaml", "duration: 400ms", "duration: soon", "resiliency taskbus: "},
	{"what all environments share", "redpanda", "k8s/base/kustomization.yaml", "  - ../../components/apps\n", "", "there is no Component housekeeping"},
	{"secret of a component", "redpanda", "components/brokers/redpanda/taskbus.yaml", "secretKeyRef: { name: KAFKA_SASL_PASSWORD, key: KAFKA_SASL_PASSWORD }", "value: secret", "Component taskbus: differs"},
	{"secret store", "redpanda", "components/brokers/redpanda/taskbus.yaml", "auth:\n  secretStore: secrets\n", "", "Component taskbus: differs"},
	{"secret in the sidecar", "redis", "components/brokers/redis/kustomization.yaml", ",REDIS_PASSWORD=tickler-broker-recurrer:REDIS_PASSWORD", "", "recurrer: daprd lacks its app's credentials of the broker"},
	{"a user for all", "redpanda", "components/brokers/redpanda/kustomization.yaml", "tickler-broker-notifier", "tickler-broker", "notifier: daprd lacks its app's credentials of the broker"},
	{"secret scopes", "redpanda", "components/workers/configuration.yaml", "        defaultAccess: deny\n", "", "apps may read the secrets of secrets"},
	{"TLS to Redpanda", "redpanda", "components/brokers/redpanda/kustomization.yaml", "value: \"false\"", "value: \"true\"", "Component taskbus: differs"},
	{"TLS to Redis", "redis", "components/brokers/redis/kustomization.yaml", "name: taskbus.*", "name: taskbus", "Component taskbus-task-reminders: differs"},
	{"denied by default", "redpanda", "components/workers/configuration.yaml", "    defaultAction: deny\n", "", "calls are not denied by default"},
	{"a field that the API server wants", "redpanda", "components/workers/configuration.yaml", "    version: v1\n", "", "spec.nameResolution.version: Required value"},
	{"an unknown field", "redpanda", "k8s/base/pod.yaml", "automountServiceAccountToken: false\n      enable", "automountServiceAccountTokens: false\n      enable", "unknown field"},
	{"an unknown field of Dapr", "redpanda", "components/workers/configuration.yaml", "accessControl:", "accesControl:", "unknown field"},

	{"the sidecar", "redpanda", "k8s/base/worker.yaml", "        dapr.io/enabled: \"true\"\n", "", "recurrer: there is no daprd"},
	{"no sidecar", "redpanda", "k8s/base/kustomization.yaml", "name: (notifier|recurrer)", "name: (api|notifier|recurrer)", "api: there is a daprd"},
	{"a sidecar without the broker", "redis", "components/brokers/redis/taskbus.yaml", "  ignoreErrors: true\n", "", "component taskbus: its sidecar ends when the broker is away"},
	{"the wait for the broker", "redpanda", "k8s/base/worker.yaml", "command: [\"/api\", \"await\", \"BROKER_ADDRESS\"]", "command: [\"/api\"]", "does not wait for the broker"},
	{"which broker is waited for", "rabbitmq", "components/brokers/rabbitmq/kustomization.yaml", "secretKeyRef: { name: tickler-broker-recurrer, key: RABBITMQ_URL }", "secretKeyRef: { name: tickler-broker-notifier, key: RABBITMQ_URL }", "recurrer: waits for another broker than its sidecar uses"},
	{"root of the wait", "redpanda", "k8s/base/worker.yaml", "            readOnlyRootFilesystem: true\n", "", "broker can write to its root"},
	{"app id", "redpanda", "k8s/base/notifier.yaml", "dapr.io/app-id: notifier", "dapr.io/app-id: notify", "--app-id:notify"},
	{"app port", "redpanda", "k8s/base/recurrer.yaml", "        dapr.io/app-port: \"8092\"\n", "", "recurrer: daprd gets"},
	{"Configuration of the sidecar", "redpanda", "k8s/base/worker.yaml", "        dapr.io/config: tickler\n", "", "recurrer: daprd gets"},
	{"token of the sidecar", "redpanda", "k8s/base/recurrer.yaml", "        dapr.io/api-token-secret: tickler-dapr-token-recurrer\n", "", "DAPR_API_TOKEN of daprd is not"},
	{"token of the callbacks", "redpanda", "k8s/base/notifier.yaml", "        dapr.io/app-token-secret: tickler-app-token-notifier\n", "", "APP_API_TOKEN of daprd is not"},
	{"token in the app", "redpanda", "k8s/base/recurrer.yaml", "secretKeyRef: { name: tickler-dapr-token-recurrer, key: token }", "secretKeyRef: { name: tickler-dapr-token-notifier, key: token }", "DAPR_API_TOKEN of recurrer is not"},
	{"one token for all", "redpanda", "k8s/base/recurrer.yaml", "tickler-app-token-recurrer", "tickler-app-token-notifier", "APP_API_TOKEN of daprd is not"},
	{"health check of the app", "redpanda", "k8s/base/worker.yaml", "        dapr.io/enable-app-health-check: \"true\" # an app that is down is unsubscribed: its events wait in the broker\n", "", "recurrer: daprd gets"},
	{"health check threshold", "redpanda", "k8s/base/worker.yaml", "dapr.io/app-health-threshold: \"3\"", "dapr.io/app-health-threshold: \"30\"", "--app-health-threshold:30"},
	{"secret store of the sidecar", "redpanda", "k8s/base/worker.yaml", "        dapr.io/disable-builtin-k8s-secret-store: \"true\"\n", "", "daprd wants to read secrets itself"},
	{"memory of the sidecar", "redpanda", "k8s/base/worker.yaml", "        dapr.io/sidecar-memory-limit: 128Mi\n", "", "daprd may use 0"},
	{"port of the callbacks", "redpanda", "k8s/base/notifier.yaml", "              value: \"8091\"\n", "              value: \"8080\"\n", "APP_PORT is not the port that daprd calls"},

	{"user", "redpanda", "k8s/base/pod.yaml", "        runAsUser: 65532\n", "", "has no numeric user and group"},
	{"image", "redpanda", "k8s/base/container.yaml", "value: tickler:0.1.0", "value: api:0.1.0", "is not the image that an overlay names"},
	{"not root", "redpanda", "k8s/base/migrate.yaml", "        runAsNonRoot: true\n", "", "runAsNonRoot != true"},
	{"seccomp", "redpanda", "k8s/base/pod.yaml", "        seccompProfile:\n          type: RuntimeDefault\n", "", "seccompProfile"},
	{"read-only root", "redpanda", "k8s/base/container.yaml", "    readOnlyRootFilesystem: true\n", "", "recurrer can write to its root"},
	{"capabilities", "redpanda", "k8s/base/container.yaml", "    capabilities:\n      drop: [\"ALL\"]\n", "", "unrestricted capabilities"},
	{"privilege escalation", "redpanda", "components/brokers/redpanda/topics.yaml", "            allowPrivilegeEscalation: false\n", "", "allowPrivilegeEscalation != false"},
	{"service-account token", "redpanda", "k8s/base/pod.yaml", "      automountServiceAccountToken: false\n", "", "api: gets a service-account token"},
	{"service-account token of jobs", "redpanda", "k8s/base/migrate.yaml", "metadata:\n  name: jobs\nautomountServiceAccountToken: false\n", "metadata:\n  name: jobs\n", "the ServiceAccount hands out tokens"},
	{"enforced standard", "redpanda", "k8s/base/namespace.yaml", "    pod-security.kubernetes.io/enforce: restricted\n", "", "does not enforce the restricted standard"},
	{"limits", "redpanda", "k8s/base/container.yaml", "    limits: { cpu: \"1\", memory: 256Mi }\n", "", "api: limits are not whole"},
	{"database", "redpanda", "k8s/base/migrate.yaml", "{ name: tickler-database, key: url }", "{ name: tickler-database, key: password }", "no one makes the Secret tickler-database with password"},
	{"startup probe", "redpanda", "k8s/base/container.yaml", "failureThreshold: 45", "failureThreshold: 3", "the startup probe gives up after 6 s"},
	{"liveness probe", "redpanda", "k8s/base/container.yaml", "containers/0/livenessProbe", "containers/0/readinessProbe", "the liveness probe does not ask"},
	{"readiness probe", "redpanda", "k8s/base/container.yaml", "httpGet: { path: /readyz, port: http }", "httpGet: { path: /healthz, port: http }", "the readiness probe does not ask"},
	{"time to stop", "redpanda", "k8s/base/pod.yaml", "terminationGracePeriodSeconds: 45", "terminationGracePeriodSeconds: 30", "the pod is killed after"},
	{"drain", "redpanda", "k8s/base/container.yaml", "value: 12s", "value: 25s", "the app needs 30s"},
	{"sidecar waits for the app", "redpanda", "k8s/base/worker.yaml", "        dapr.io/block-shutdown-duration: 20s\n", "", "does not wait for its app"},
	{"spread", "redpanda", "k8s/base/pod.yaml", "          matchLabelKeys: [app.kubernetes.io/name]\n", "", "selects other pods"},
	{"disruption budget", "redpanda", "k8s/base/notifier.yaml", "kind: PodDisruptionBudget\nmetadata:\n  name: notifier\nspec:\n  maxUnavailable: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: notifier\n", "kind: PodDisruptionBudget\nmetadata:\n  name: notifier\nspec:\n  maxUnavailable: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: notify\n", "notifier: 0 PodDisruptionBudgets"},
	{"network closed", "redpanda", "k8s/base/network.yaml", "  name: nothing\nspec:\n  podSelector: {}\n  policyTypes: [Ingress, Egress]\n", "  name: nothing\nspec:\n  podSelector: {}\n  policyTypes: [Egress]\n", "in everything"},
	{"network of callers", "redpanda", "k8s/base/network.yaml", "    - from:\n        - namespaceSelector:\n            matchLabels:\n              tickler/callers: \"true\"\n      ports:", "    - ports:", "in anywhere:8080"},
	{"network to Postgres", "redpanda", "k8s/base/network.yaml", "values: [api, notifier, recurrer, migrate]", "values: [api, notifier, recurrer]", "network of migrate"},
	{"network to the broker", "rabbitmq", "components/brokers/rabbitmq/kustomization.yaml", "  - network.yaml\n", "", "network of recurrer"},
}

func TestWhatIsTakenAwayIsNoticed(t *testing.T) {
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			files := load(t)
			text, err := files.ReadFile("/" + m.file)
			require.NoError(t, err)
			changed := strings.ReplaceAll(string(text), m.old, m.new)
			require.NotEqual(t, string(text), changed, "nothing was taken away")
			require.NoError(t, files.WriteFile("/"+m.file, []byte(changed)))
			require.ErrorContains(t, review(t, files, m.overlay), m.noticed)
		})
	}
}
