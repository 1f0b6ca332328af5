package manifests_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each line takes something away that matters, and must be noticed. old is replaced
// everywhere in the file by new.
var mutations = []struct{ name, overlay, file, old, new string }{
	{"scope of a component", "redpanda", "base/reminder-scan.yaml", "scopes:\n  - notifier\n", ""},
	{"scope of the bus", "redpanda", "overlays/redpanda/taskbus.yaml", "  - recurrer\n", ""},
	{"scope of a subscription", "redpanda", "overlays/redpanda/subscriptions.yaml", "scopes:\n  - recurrer\n", ""},
	{"dead letters", "redpanda", "overlays/redpanda/subscriptions.yaml", "  deadLetterTopic: task-recurrence-deadletter\n", ""},
	{"a subscription", "redis", "overlays/redis/kustomization.yaml", "  - subscriptions.yaml\n", ""},
	{"a reading component", "rabbitmq", "overlays/rabbitmq/kustomization.yaml", "  - reading.yaml\n", ""},
	{"retries", "redpanda", "base/resiliency.yaml", "        inbound:\n          retry: redeliver\n", ""},
	{"retries without meaning", "redpanda", "base/resiliency.yaml", "duration: 400ms", "duration: soon"},
	{"secret of a component", "redpanda", "overlays/redpanda/taskbus.yaml", "secretKeyRef: { name: tickler-broker, key: KAFKA_SASL_PASSWORD }", "value: secret"},
	{"secret store", "redpanda", "overlays/redpanda/taskbus.yaml", "auth:\n  secretStore: kubernetes\n", ""},
	{"TLS to Redpanda", "redpanda", "overlays/redpanda/taskbus.yaml", "    - name: disableTls\n      value: \"false\"\n", "    - name: disableTls\n      value: \"true\"\n"},
	{"TLS to Redis", "redis", "overlays/redis/taskbus.yaml", "    - name: enableTLS\n      value: \"true\"\n", ""},
	{"denied by default", "redpanda", "base/configuration.yaml", "    defaultAction: deny\n", ""},
	{"an unknown field", "redpanda", "base/api.yaml", "automountServiceAccountToken: false\n      enable", "automountServiceAccountTokens: false\n      enable"},
	{"an unknown field of Dapr", "redpanda", "base/configuration.yaml", "accessControl:", "accesControl:"},

	{"the sidecar", "redpanda", "base/notifier.yaml", "        dapr.io/enabled: \"true\"\n", ""},
	{"app id", "redpanda", "base/notifier.yaml", "dapr.io/app-id: notifier", "dapr.io/app-id: notify"},
	{"app port", "redpanda", "base/recurrer.yaml", "        dapr.io/app-port: \"8092\"\n", ""},
	{"Configuration of the sidecar", "redpanda", "base/recurrer.yaml", "        dapr.io/config: tickler\n", ""},
	{"token of the sidecar", "redpanda", "base/api.yaml", "        dapr.io/api-token-secret: tickler-dapr-token\n", ""},
	{"token of the callbacks", "redpanda", "base/notifier.yaml", "        dapr.io/app-token-secret: tickler-app-token\n", ""},
	{"token in the app", "redpanda", "base/api.yaml", "            - name: DAPR_API_TOKEN\n              valueFrom:\n                secretKeyRef: { name: tickler-dapr-token, key: token }\n", ""},
	{"health check of the app", "redpanda", "base/recurrer.yaml", "        dapr.io/enable-app-health-check: \"true\" # an app that is down is unsubscribed: its events wait in the broker\n", ""},
	{"health check threshold", "redpanda", "base/recurrer.yaml", "dapr.io/app-health-threshold: \"3\"", "dapr.io/app-health-threshold: \"30\""},
	{"secret store of the sidecar", "redpanda", "base/api.yaml", "        dapr.io/disable-builtin-k8s-secret-store: \"true\"\n", ""},
	{"memory of the sidecar", "redpanda", "base/api.yaml", "        dapr.io/sidecar-memory-limit: 128Mi\n", ""},
	{"port of the callbacks", "redpanda", "base/notifier.yaml", "              value: \"8091\"\n", "              value: \"8080\"\n"},

	{"user", "redpanda", "base/api.yaml", "        runAsUser: 65532\n", ""},
	{"not root", "redpanda", "base/migrate.yaml", "        runAsNonRoot: true\n", ""},
	{"seccomp", "redpanda", "base/notifier.yaml", "        seccompProfile:\n          type: RuntimeDefault\n", ""},
	{"read-only root", "redpanda", "base/recurrer.yaml", "            readOnlyRootFilesystem: true\n", ""},
	{"capabilities", "redpanda", "base/api.yaml", "            capabilities:\n              drop: [\"ALL\"]\n", ""},
	{"privilege escalation", "redpanda", "overlays/redpanda/topics.yaml", "            allowPrivilegeEscalation: false\n", ""},
	{"service-account token", "redpanda", "base/api.yaml", "      automountServiceAccountToken: false\n", ""},
	{"service-account token of jobs", "redpanda", "base/migrate.yaml", "metadata:\n  name: jobs\nautomountServiceAccountToken: false\n", "metadata:\n  name: jobs\n"},
	{"enforced standard", "redpanda", "base/namespace.yaml", "    pod-security.kubernetes.io/enforce: restricted\n", ""},
	{"limits", "redpanda", "base/api.yaml", "            limits: { cpu: \"1\", memory: 256Mi }\n", ""},
	{"database", "redpanda", "base/migrate.yaml", "{ name: tickler-database, key: url }", "{ name: tickler-database, key: password }"},
	{"startup probe", "redpanda", "base/api.yaml", "failureThreshold: 45", "failureThreshold: 3"},
	{"liveness probe", "redpanda", "base/notifier.yaml", "          livenessProbe:\n            httpGet: { path: /healthz, port: http }\n            periodSeconds: 10\n            timeoutSeconds: 3\n            failureThreshold: 3\n", ""},
	{"readiness probe", "redpanda", "base/api.yaml", "httpGet: { path: /readyz, port: http }", "httpGet: { path: /healthz, port: http }"},
	{"time to stop", "redpanda", "base/api.yaml", "terminationGracePeriodSeconds: 45", "terminationGracePeriodSeconds: 30"},
	{"drain", "redpanda", "base/recurrer.yaml", "              value: 12s\n", "              value: 25s\n"},
	{"sidecar waits for the app", "redpanda", "base/recurrer.yaml", "        dapr.io/block-shutdown-duration: 20s\n", ""},
	{"spread", "redpanda", "base/notifier.yaml", "          labelSelector:\n            matchLabels:\n              app.kubernetes.io/name: notifier\n", "          labelSelector:\n            matchLabels:\n              app.kubernetes.io/name: api\n"},
	{"disruption budget", "redpanda", "base/notifier.yaml", "kind: PodDisruptionBudget\nmetadata:\n  name: notifier\nspec:\n  maxUnavailable: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: notifier\n", "kind: PodDisruptionBudget\nmetadata:\n  name: notifier\nspec:\n  maxUnavailable: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: notify\n"},
	{"network closed", "redpanda", "base/network.yaml", "  name: nothing\nspec:\n  podSelector: {}\n  policyTypes: [Ingress, Egress]\n", "  name: nothing\nspec:\n  podSelector: {}\n  policyTypes: [Egress]\n"},
	{"network of callers", "redpanda", "base/network.yaml", "    - from:\n        - namespaceSelector:\n            matchLabels:\n              tickler/callers: \"true\"\n      ports:", "    - ports:"},
	{"network to Postgres", "redpanda", "base/network.yaml", "values: [api, notifier, recurrer, migrate]", "values: [api, notifier, recurrer]"},
	{"network to the broker", "rabbitmq", "overlays/rabbitmq/kustomization.yaml", "  - network.yaml\n", ""},
}

func TestWhatIsTakenAwayIsNoticed(t *testing.T) {
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			files := load(t)
			text, err := files.ReadFile("/k8s/" + m.file)
			require.NoError(t, err)
			changed := strings.ReplaceAll(string(text), m.old, m.new)
			require.NotEqual(t, string(text), changed, "nothing was taken away")
			require.NoError(t, files.WriteFile("/k8s/"+m.file, []byte(changed)))
			err = review(t, files, m.overlay)
			require.Error(t, err)
			t.Log(err)
		})
	}
}
