package manifests_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	manifests "tickler/dev/k8s"
)

// passwords that compose.yaml wants from .env.
var passwords = []string{
	"POSTGRES_PASSWORD", "REDPANDA_PASSWORD", "TICKLER_SECRET_KEY",
	"NOTIFIER_DAPR_API_TOKEN", "NOTIFIER_APP_API_TOKEN", "NOTIFIER_BROKER_PASSWORD",
	"RECURRER_DAPR_API_TOKEN", "RECURRER_APP_API_TOKEN", "RECURRER_BROKER_PASSWORD",
}

func readCompose(t *testing.T, environment []string, more ...string) (*types.Project, error) {
	t.Helper()
	files := []string{filepath.Join(manifests.Root, "compose.yaml")}
	for _, name := range more {
		files = append(files, filepath.Join(manifests.Root, name))
	}
	options, err := cli.NewProjectOptions(files, cli.WithEnv(environment), cli.WithInterpolation(true))
	require.NoError(t, err)
	return options.LoadProject(t.Context())
}

func TestComposeRunsTheAppsAsTheLocalRunDoes(t *testing.T) {
	var environment []string
	for _, name := range passwords {
		environment = append(environment, name+"=secret-"+name)
	}
	project, err := readCompose(t, environment)
	require.NoError(t, err)
	run, err := manifests.ReadLocalRun()
	require.NoError(t, err)
	for _, app := range run.Apps {
		service, err := project.GetService(app.AppID)
		require.NoError(t, err)
		require.True(t, service.ReadOnly)
		require.Contains(t, *service.Environment["DATABASE_URL"], "secret-POSTGRES_PASSWORD")
		if app.AppID != "recurrer" { // the key of the secrets of channels
			require.Equal(t, "secret-TICKLER_SECRET_KEY", *service.Environment["TICKLER_SECRET_KEY"])
		}
		if app.AppID == "api" {
			require.Equal(t, "127.0.0.1", service.Ports[0].HostIP, "callers on this machine only")
			require.Equal(t, []string{"migrate"}, slices.Collect(maps.Keys(service.DependsOn)), "it needs Postgres only")
			require.NotContains(t, project.ServiceNames(), "api-daprd")
			continue
		}
		sidecar, err := project.GetService(app.AppID + "-daprd")
		require.NoError(t, err)
		require.Equal(t, "service:"+app.AppID+"-pod", service.NetworkMode, "what restarts comes back into the same network")
		require.Equal(t, service.NetworkMode, sidecar.NetworkMode)
		require.Equal(t, []string{app.AppID}, project.Services[app.AppID+"-pod"].Networks["default"].Aliases)
		flags := strings.Join(sidecar.Command, " ") + " "
		wanted := []string{"--app-id " + app.AppID, "--app-port " + strconv.Itoa(app.AppPort), "--config /components/workers/configuration.yaml",
			"--resources-path /components/apps", "--resources-path /components/brokers/redpanda", "--log-level " + run.Common.LogLevel, "--hot-reload-reconcile-interval 10s"}
		if app.EnableAppHealthCheck {
			wanted = append(wanted, "--enable-app-health-check", "--app-health-check-path "+app.AppHealthCheckPath,
				"--app-health-probe-interval "+strconv.Itoa(app.AppHealthProbeInterval),
				"--app-health-probe-timeout "+strconv.Itoa(app.AppHealthProbeTimeout),
				"--app-health-threshold "+strconv.Itoa(app.AppHealthThreshold))
		}
		for _, flag := range wanted {
			require.Contains(t, flags, flag+" ", app.AppID)
		}
		own := "secret-" + strings.ToUpper(app.AppID) + "_"
		require.Equal(t, own+"DAPR_API_TOKEN", *sidecar.Environment["DAPR_API_TOKEN"])
		require.Equal(t, own+"BROKER_PASSWORD", *sidecar.Environment["KAFKA_SASL_PASSWORD"])
		require.Equal(t, "tickler-"+app.AppID, *sidecar.Environment["KAFKA_SASL_USERNAME"])
		require.Equal(t, own+"APP_API_TOKEN", *sidecar.Environment["APP_API_TOKEN"])
		require.Equal(t, own+"DAPR_API_TOKEN", *service.Environment["DAPR_API_TOKEN"])
		require.Equal(t, "/"+app.AppID, strings.Join(service.Entrypoint, " "))
		require.Empty(t, service.Ports)
		require.Equal(t, strconv.Itoa(app.AppPort), *service.Environment["APP_PORT"])
		require.Equal(t, own+"APP_API_TOKEN", *service.Environment["APP_API_TOKEN"])
	}
	for _, name := range []string{"postgres", "redpanda"} {
		service, err := project.GetService(name)
		require.NoError(t, err)
		require.Empty(t, service.Ports, "%s is for the apps only", name)
		require.NotEmpty(t, service.Volumes)
	}
}

func TestServerIsReachedThroughCaddyAlone(t *testing.T) {
	var environment []string
	for _, name := range passwords {
		environment = append(environment, name+"=x")
	}
	_, err := readCompose(t, environment, "compose.server.yaml")
	require.ErrorContains(t, err, "TICKLER_DOMAIN")
	project, err := readCompose(t, append(environment, "TICKLER_DOMAIN=tickler.example.com"), "compose.server.yaml")
	require.NoError(t, err)
	for name, service := range project.Services {
		for _, port := range service.Ports {
			require.True(t, name == "caddy" || port.HostIP == "127.0.0.1", "%s is open to the Internet", name)
		}
	}
	api := project.Services["api"]
	require.Equal(t, "https://tickler.example.com", *api.Environment["TICKLER_PUBLIC_URL"])
	require.Equal(t, project.Networks["default"].Ipam.Config[0].Subnet, *api.Environment["TICKLER_TRUSTED_PROXIES"], "Caddy's address is believed")
	require.NotEmpty(t, *api.Environment["DATABASE_URL"], "what compose.yaml says still holds")
	require.Contains(t, strings.Join(project.Services["caddy"].Command, " "), "--from tickler.example.com --to api:8080")
}

func TestMailOfComposeIsSentBesideEverythingElse(t *testing.T) {
	environment := []string{"SMTP_HOST=mail.example.com", "SMTP_FROM=tickler@example.com", "TICKLER_DOMAIN=tickler.example.com"}
	for _, name := range passwords {
		environment = append(environment, name+"=x")
	}
	project, err := readCompose(t, environment, "compose.server.yaml", "compose.email.yaml")
	require.NoError(t, err)
	require.Equal(t, "https://tickler.example.com", *project.Services["api"].Environment["TICKLER_PUBLIC_URL"], "links in mail lead there")
	require.Equal(t, "mail.example.com", *project.Services["notifier-daprd"].Environment["SMTP_HOST"])

	without, err := readCompose(t, environment)
	require.NoError(t, err)
	flags := strings.Join(project.Services["notifier-daprd"].Command, " ")
	require.Contains(t, flags, "--resources-path /components/email ")
	require.Equal(t, strings.Join(without.Services["notifier-daprd"].Command, " "), strings.Replace(flags, "--resources-path /components/email ", "", 1))
}

// Events leave the outbox when the broker has acknowledged them.
func TestComposeKeepsWhatTheBrokerAcknowledged(t *testing.T) {
	var environment []string
	for _, name := range passwords {
		environment = append(environment, name+"=x")
	}
	project, err := readCompose(t, environment)
	require.NoError(t, err)
	require.Contains(t, project.Services["redpanda"].Command, "--unsafe-bypass-fsync=false")
	require.Contains(t, project.Configs["redpanda"].Content, `write_caching_default: "false"`)
}

func TestComposeHasNoPasswordOfItsOwn(t *testing.T) {
	for left := range passwords {
		var environment []string
		for i, name := range passwords {
			if i != left {
				environment = append(environment, name+"=x")
			}
		}
		_, err := readCompose(t, environment)
		require.ErrorContains(t, err, passwords[left])
	}
}
