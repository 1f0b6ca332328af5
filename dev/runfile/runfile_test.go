package runfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/dev/runfile"
)

// write puts a template and the paths that it names into a folder.
func write(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"shared", "own", "app"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o755))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config.yaml"), nil, 0o644))
	path := filepath.Join(dir, runfile.Name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

func TestAppTakesWhatItDoesNotSayFromCommon(t *testing.T) {
	path := write(t, `
version: 1
common:
  resourcesPaths: [./shared]
  configFilePath: ./config.yaml
  logLevel: warn
  env: { A: common, B: common }
apps:
  - appID: one
    appDirPath: .
    command: [run, --fast]
    appPort: 8080
    env: { B: own, C: own }
  - appDirPath: ./app
    command: [run]
    appPort: 8081
    logLevel: debug
    resourcesPath: ../own
`)
	apps, err := runfile.Load(path)
	require.NoError(t, err)
	require.Len(t, apps, 2)
	dir := filepath.Dir(path)
	one, two := apps[0], apps[1]
	require.Equal(t, map[string]string{"A": "common", "B": "own", "C": "own"}, one.Env)
	require.Equal(t, map[string]string{"A": "common", "B": "common"}, two.Env)
	require.Equal(t, "app", two.AppID, "an app without an id is named after its folder")
	require.Equal(t, []string{filepath.Join(dir, "shared")}, one.ResourcesPaths)
	require.Equal(t, []string{filepath.Join(dir, "own")}, two.ResourcesPaths, "its own, relative to its folder")
	require.Equal(t, "warn", one.LogLevel)
	require.Equal(t, "debug", two.LogLevel)
	require.Equal(t, filepath.Join(dir, "config.yaml"), two.ConfigFilePath)
}

func TestDaprdGetsTheFlagsOfTheTemplate(t *testing.T) {
	apps, err := runfile.Load(write(t, `
version: 1
apps:
  - appID: one
    appDirPath: .
    command: [run]
    appPort: 8080
    appProtocol: h2c
    resourcesPaths: [./shared, ./own]
    enableAppHealthCheck: true
    appHealthCheckPath: /healthz
    appHealthProbeInterval: 3
    appHealthThreshold: 2
    schedulerHostAddress: localhost:50006
    maxBodySize: 1Mi
`))
	require.NoError(t, err)
	args := strings.Join(apps[0].DaprdArgs(runfile.Ports{App: 1, DaprHTTP: 2, DaprGRPC: 3, DaprInternal: 4, Metrics: 5}), " ")
	for _, expected := range []string{
		"--app-id one", "--app-port 1", "--app-protocol h2c", "--dapr-http-port 2", "--dapr-grpc-port 3",
		"--dapr-internal-grpc-port 4", "--metrics-port 5", "/shared --resources-path ", "/own",
		"--enable-app-health-check", "--app-health-check-path /healthz", "--app-health-probe-interval 3",
		"--app-health-threshold 2", "--scheduler-host-address localhost:50006", "--max-body-size 1Mi",
		"--dapr-listen-addresses 127.0.0.1", "--metrics-listen-address 127.0.0.1",
		"--dapr-internal-grpc-listen-address 127.0.0.1",
	} {
		require.Contains(t, args, expected)
	}
	require.NotContains(t, args, "--app-health-probe-timeout", "daprd keeps its own default")
	env := apps[0].AppEnv(runfile.Ports{App: 1, DaprHTTP: 2, DaprGRPC: 3})
	require.Subset(t, env, []string{"APP_ID=one", "APP_PORT=1", "APP_PROTOCOL=h2c", "DAPR_HTTP_PORT=2", "DAPR_GRPC_PORT=3"})
}

func TestTemplateThatCannotBeHonouredIsRefused(t *testing.T) {
	const app = "version: 1\napps:\n  - appDirPath: .\n    command: [run]\n    appPort: 1\n"
	for name, c := range map[string]struct{ text, expected string }{
		"field that the CLI does not know": {app + "    appProt: 2\n", `unknown field "appProt"`},
		"no version":                       {strings.TrimPrefix(app, "version: 1\n"), "version is 0"},
		"no apps":                          {"version: 1\n", "no apps"},
		"no folder":                        {strings.ReplaceAll(app, "appDirPath: .", "appID: x"), "appDirPath is missing"},
		"no command":                       {strings.ReplaceAll(app, "command: [run]", "appID: x"), "command is missing"},
		"no port":                          {strings.ReplaceAll(app, "appPort: 1", "appID: x"), "appPort is missing"},
		"path that does not exist":         {app + "    configFilePath: ./missing.yaml\n", "configFilePath: stat "},
		"socket":                           {app + "    unixDomainSocket: /tmp\n", "unixDomainSocket"},
		"same app twice":                   {app + "  - appDirPath: .\n    command: [run]\n    appPort: 2\n", "twice"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := runfile.Load(write(t, c.text))
			require.ErrorContains(t, err, c.expected)
			require.ErrorContains(t, err, runfile.Name)
		})
	}
}

func TestTemplateOfThisRepositoryIsRead(t *testing.T) {
	apps, err := runfile.Load(filepath.Join("..", "..", runfile.Name))
	require.NoError(t, err)
	var ids []string
	for _, app := range apps {
		ids = append(ids, app.AppID)
	}
	require.Equal(t, []string{"api", "notifier", "recurrer"}, ids)
}

func TestOneFolderOfSeveralIsChosen(t *testing.T) {
	apps, err := runfile.Load(filepath.Join("..", "..", runfile.Name))
	require.NoError(t, err)
	before := apps[0].ResourcesPaths[0]
	brokers := filepath.Join(filepath.Dir(before), "brokers")
	require.NoError(t, runfile.Choose(apps, brokers, "redis"))
	for _, app := range apps {
		require.Equal(t, []string{before, filepath.Join(brokers, "redis")}, app.ResourcesPaths)
	}
	require.ErrorIs(t, runfile.Choose(apps, brokers, "pigeons"), os.ErrNotExist)
}
