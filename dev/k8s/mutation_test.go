package manifests_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each line takes something away that matters, and must be noticed. old is replaced
// everywhere in the file by new; noticed is part of what the review then says.
var mutations = []struct{ name, overlay, file, old, new, noticed string }{
	{"scope of a component", "redpanda", "base/reminder-scan.yaml", "scopes:\n  - notifier\n", "", "components of api: Dapr loads"},
	{"scope of the bus", "redpanda", "overlays/redpanda/taskbus.yaml", "  - recurrer\n", "", "components of recurrer: Dapr loads"},
	{"scope of a subscription", "redpanda", "overlays/redpanda/subscriptions.yaml", "scopes:\n  - recurrer\n", "", "Subscription task-recurrence: differs"},
	{"dead letters", "redpanda", "overlays/redpanda/subscriptions.yaml", "  deadLetterTopic: task-recurrence-deadletter\n", "", "Subscription task-recurrence: differs"},
	{"a subscription", "redis", "overlays/redis/kustomization.yaml", "  - subscriptions.yaml\n", "", "there is no v2alpha1.Subscription task-recurrence"},
	{"a reading component", "rabbitmq", "overlays/rabbitmq/kustomization.yaml", "  - reading.yaml\n", "", "components of notifier: Dapr loads"},
	{"retries", "redpanda", "base/resiliency.yaml", "        inbound:\n          retry: redeliver\n", "", "Resiliency taskbus: "},
	{"retries without meaning", "redpanda", "base/resiliency.yaml", "duration: 400ms", "duration: soon", "resiliency taskbus: "},
	{"secret of a component", "redpanda", "overlays/redpanda/taskbus.yaml", "secretKeyRef: { name: tickler-broker, key: KAFKA_SASL_PASSWORD }", "value: secret", "Component taskbus: differs"},
	{"secret store", "redpanda", "overlays/redpanda/taskbus.yaml", "auth:\n  secretStore: kubernetes\n", "", "component taskbus: takes secrets from"},
	{"TLS to Redpanda", "redpanda", "overlays/redpanda/taskbus.yaml", "    - name: disableTls\n      value: \"false\"\n", "    - name: disableTls\n      value: \"true\"\n", "disableTls is true"},
	{"TLS to Redis", "redis", "overlays/redis/taskbus.yaml", "    - name: enableTLS\n      value: \"true\"\n", "", "Component taskbus: differs"},
	{"denied by default", "redpanda", "base/configuration.yaml", "    defaultAction: deny\n", "", "calls are not denied by default"},
	{"a field that the API server wants", "redpanda", "base/configuration.yaml", "    version: v1\n", "", "spec.nameResolution.version: Required value"},
	{"an unknown field", "redpanda", "base/api.yaml", "automountServiceAccountToken: false\n      enable", "automountServiceAccountTokens: false\n      enable", "unknown field"},
	{"an unknown field of Dapr", "redpanda", "base/configuration.yaml", "accessControl:", "accesControl:", "unknown field"},

	{"the sidecar", "redpanda", "base/notifier.yaml", "        dapr.io/enabled: \"true\"\n", "", "the injector adds no sidecar"},
	{"app id", "redpanda", "base/notifier.yaml", "dapr.io/app-id: notifier", "dapr.io/app-id: notify", "--app-id:notify"},
	{"app port", "redpanda", "base/recurrer.yaml", "        dapr.io/app-port: \"8092\"\n", "", "recurrer: daprd gets"},
	{"Configuration of the sidecar", "redpanda", "base/recurrer.yaml", "        dapr.io/config: tickler\n", "", "recurrer: daprd gets"},
	{"token of the sidecar", "redpanda", "base/api.yaml", "        dapr.io/api-token-secret: tickler-dapr-token\n", "", "DAPR_API_TOKEN of daprd is not"},
	{"token of the callbacks", "redpanda", "base/notifier.yaml", "        dapr.io/app-token-secret: tickler-app-token\n", "", "APP_API_TOKEN of daprd is not"},
	{"token in the app", "redpanda", "base/api.yaml", "            - name: DAPR_API_TOKEN\n              valueFrom:\n                secretKeyRef: { name: tickler-dapr-token, key: token }\n", "", "DAPR_API_TOKEN of api is not"},
	{"health check of the app", "redpanda", "base/recurrer.yaml", "        dapr.io/enable-app-health-check: \"true\" # an app that is down is unsubscribed: its events wait in the broker\n", "", "recurrer: daprd gets"},
	{"health check threshold", "redpanda", "base/recurrer.yaml", "dapr.io/app-health-threshold: \"3\"", "dapr.io/app-health-threshold: \"30\"", "--app-health-threshold:30"},
	{"secret store of the sidecar", "redpanda", "base/api.yaml", "        dapr.io/disable-builtin-k8s-secret-store: \"true\"\n", "", "daprd wants to read secrets itself"},
	{"memory of the sidecar", "redpanda", "base/api.yaml", "        dapr.io/sidecar-memory-limit: 128Mi\n", "", "daprd may use 0"},
	{"port of the callbacks", "redpanda", "base/notifier.yaml", "              value: \"8091\"\n", "              value: \"8080\"\n", "APP_PORT is not the port that daprd calls"},

	{"user", "redpanda", "base/api.yaml", "        runAsUser: 65532\n", "", "has no numeric user and group"},
	{"image", "redpanda", "base/api.yaml", "image: tickler:0.1.0", "image: api:0.1.0", "is not the image that an overlay names"},
	{"not root", "redpanda", "base/migrate.yaml", "        runAsNonRoot: true\n", "", "runAsNonRoot != true"},
	{"seccomp", "redpanda", "base/notifier.yaml", "        seccompProfile:\n          type: RuntimeDefault\n", "", "seccompProfile"},
	{"read-only root", "redpanda", "base/recurrer.yaml", "            readOnlyRootFilesystem: true\n", "", "recurrer can write to its root"},
	{"capabilities", "redpanda", "base/api.yaml", "            capabilities:\n              drop: [\"ALL\"]\n", "", "unrestricted capabilities"},
	{"privilege escalation", "redpanda", "overlays/redpanda/topics.yaml", "            allowPrivilegeEscalation: false\n", "", "allowPrivilegeEscalation != false"},
	{"service-account token", "redpanda", "base/api.yaml", "      automountServiceAccountToken: false\n", "", "api: gets a service-account token"},
	{"service-account token of jobs", "redpanda", "base/migrate.yaml", "metadata:\n  name: jobs\nautomountServiceAccountToken: false\n", "metadata:\n  name: jobs\n", "the ServiceAccount hands out tokens"},
	{"enforced standard", "redpanda", "base/namespace.yaml", "    pod-security.kubernetes.io/enforce: restricted\n", "", "does not enforce the restricted standard"},
	{"limits", "redpanda", "base/api.yaml", "            limits: { cpu: \"1\", memory: 256Mi }\n", "", "api: limits are not whole"},
	{"database", "redpanda", "base/migrate.yaml", "{ name: tickler-database, key: url }", "{ name: tickler-database, key: password }", "no one makes the Secret tickler-database with password"},
	{"startup probe", "redpanda", "base/api.yaml", "failureThreshold: 45", "failureThreshold: 3", "the startup probe gives up after 6 s"},
	{"liveness probe", "redpanda", "base/notifier.yaml", "          livenessProbe:\n            httpGet: { path: /healthz, port: http }\n            periodSeconds: 10\n            timeoutSeconds: 3\n            failureThreshold: 3\n", "", "the liveness probe does not ask"},
	{"readiness probe", "redpanda", "base/api.yaml", "httpGet: { path: /readyz, port: http }", "httpGet: { path: /healthz, port: http }", "the readiness probe does not ask"},
	{"time to stop", "redpanda", "base/api.yaml", "terminationGracePeriodSeconds: 45", "terminationGracePeriodSeconds: 30", "the pod is killed after"},
	{"drain", "redpanda", "base/recurrer.yaml", "              value: 12s\n", "              value: 25s\n", "the app needs 30s"},
	{"sidecar waits for the app", "redpanda", "base/recurrer.yaml", "        dapr.io/block-shutdown-duration: 20s\n", "", "does not wait for its app"},
	{"spread", "redpanda", "base/notifier.yaml", "          labelSelector:\n            matchLabels:\n              app.kubernetes.io/name: notifier\n", "          labelSelector:\n            matchLabels:\n              app.kubernetes.io/name: api\n", "selects other pods"},
	{"disruption budget", "redpanda", "base/notifier.yaml", "kind: PodDisruptionBudget\nmetadata:\n  name: notifier\nspec:\n  maxUnavailable: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: notifier\n", "kind: PodDisruptionBudget\nmetadata:\n  name: notifier\nspec:\n  maxUnavailable: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: notify\n", "notifier: 0 PodDisruptionBudgets"},
	{"network closed", "redpanda", "base/network.yaml", "  name: nothing\nspec:\n  podSelector: {}\n  policyTypes: [Ingress, Egress]\n", "  name: nothing\nspec:\n  podSelector: {}\n  policyTypes: [Egress]\n", "in everything"},
	{"network of callers", "redpanda", "base/network.yaml", "    - from:\n        - namespaceSelector:\n            matchLabels:\n              tickler/callers: \"true\"\n      ports:", "    - ports:", "in anywhere:8080"},
	{"network to Postgres", "redpanda", "base/network.yaml", "values: [api, notifier, recurrer, migrate]", "values: [api, notifier, recurrer]", "network of migrate"},
	{"network to the broker", "rabbitmq", "overlays/rabbitmq/kustomization.yaml", "  - network.yaml\n", "", "network of api"},
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
			require.ErrorContains(t, review(t, files, m.overlay), m.noticed)
		})
	}
}
