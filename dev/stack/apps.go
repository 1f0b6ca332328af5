package stack

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tickler/dev/port"
	"tickler/dev/postgres"
	"tickler/dev/process"
	"tickler/dev/runfile"
	"tickler/dev/sidecar"
	"tickler/internal/topics"
)

const (
	// publicID is the app whose own port is the public one, and whose binary
	// has the commands migrate and token.
	publicID = "api"
	// listenVariable is the address of an app's probes and metrics, if not its app
	// port.
	listenVariable = "TICKLER_LISTEN"
	// secretKeyVariable gives apps the key that the secrets of channels are sealed with.
	secretKeyVariable = "TICKLER_SECRET_KEY"
)

// How long each kind of part may take to stop before it is killed. Together with
// the broker's they stay within 30 seconds, the default grace period of a pod.
const (
	appDrain      = 15 * time.Second
	sidecarDrain  = 6 * time.Second
	postgresDrain = 5 * time.Second
)

// app is one replica of an app.
type app struct {
	runfile.App
	name   string
	ports  runfile.Ports
	listen string // of /healthz, /readyz and /metrics
}

func (a app) sidecar() string { return sidecarOf(a.name) }

func sidecarOf(name string) string { return name + "-daprd" }

func (a app) url() string { return "http://" + a.listen }

// replicaName of the nth replica of an app, counted from 1.
func replicaName(appID string, n int) string {
	if n == 1 {
		return appID
	}
	return appID + "-" + strconv.Itoa(n)
}

func (s *Stack) publicApp() runfile.App {
	i := slices.IndexFunc(s.files, func(a runfile.App) bool { return a.AppID == publicID })
	return s.files[i]
}

func (s *Stack) findDaprd(ctx context.Context) error {
	if s.daprd = s.config.Daprd; s.daprd != "" {
		return nil
	}
	if s.daprd = sidecar.Installed(ctx, s.files[0].RuntimePath); s.daprd != "" {
		s.say("daprd: %s", s.daprd)
		return nil
	}
	var err error
	s.daprd, err = sidecar.Build(ctx, filepath.Join(s.config.Root, "dev", "daprd"), sidecar.Daprd, s.say)
	return err
}

// startApps starts every app with its sidecar and waits for all of them.
func (s *Stack) startApps(ctx context.Context) error {
	var names []string
	for _, app := range s.apps {
		s.say("%s: %s, its sidecar on port %d", app.name, app.url(), app.ports.DaprHTTP)
		if err := s.run(s.sidecarSpec(app)); err != nil {
			return err
		}
		if err := s.run(s.appSpec(app)); err != nil {
			return err
		}
		names = append(names, app.sidecar(), app.name)
	}
	return s.await(ctx, names...)
}

func (s *Stack) appSpec(a app) process.Spec {
	env := append(inherited(), a.AppEnv(a.ports)...)
	own := s.home.Secrets.Apps[a.AppID]
	if a.AppID != publicID { // which asks nothing of its sidecar
		env = append(env, "DAPR_API_TOKEN="+own.DaprAPIToken, "APP_API_TOKEN="+own.AppAPIToken)
	}
	env = append(env,
		"DATABASE_URL="+s.databaseFor(a.AppID),
		secretKeyVariable+"="+s.home.Secrets.ChannelKey,
	)
	env = append(env, s.traces.environment(a.name)...)
	for name, value := range s.config.AppEnv[a.AppID] {
		env = append(env, name+"="+value)
	}
	return process.Spec{
		Name: a.name, Command: binary(a.App), Dir: a.AppDirPath, Env: env,
		StopTimeout: appDrain,
		Ready:       answers(a.url() + "/readyz"),
		Needs:       s.needsPostgres,
	}
}

// needsPostgres: without it an app ends, after it has tried for a while.
func (s *Stack) needsPostgres(ctx context.Context) string {
	if postgres.Ping(ctx, s.databaseURL) != nil {
		return "Postgres"
	}
	return ""
}

// toldBySidecars is what means nothing here: the processes of a local run share
// a machine and need no certificates, and Tickler uses neither actors nor jobs.
var toldBySidecars = []string{
	"mTLS is disabled. Skipping certificate request",
	"Actor runtime disabled: ",
	"No scheduler host addresses provided. Scheduler disabled",
	// Each sidecar has a token from the stack.
	"API Token loaded from the environment variable",
	"API token loaded from the environment variable",
	// api's: its Configuration denies it what it has not.
	"Secrets configuration added for 'secrets', but no matching secret store was found",
	// What components say beside the level that dapr.yaml sets.
	" level=info ",
}

// binary is the command of an app, with an absolute path.
func binary(a runfile.App) []string {
	command := slices.Clone(a.Command)
	if strings.ContainsRune(command[0], filepath.Separator) && !filepath.IsAbs(command[0]) {
		command[0] = filepath.Join(a.AppDirPath, command[0])
	}
	return command
}

func (s *Stack) sidecarSpec(a app) process.Spec {
	own := s.home.Secrets.Apps[a.AppID]
	// The secret store of components/ reads daprd's environment.
	env := append(inherited(),
		"DAPR_HOST_IP="+port.Host,
		"DAPR_API_TOKEN="+own.DaprAPIToken,
		"APP_API_TOKEN="+own.AppAPIToken,
	)
	if slices.Contains(topics.Apps, a.AppID) {
		for _, v := range s.brokerFor(a.AppID).Variables() {
			env = append(env, v.Name+"="+v.Value)
		}
	}
	env = append(env, s.traces.environment(a.sidecar())...)
	if len(s.config.Mail) > 0 {
		a.ResourcesPaths = append(slices.Clone(a.ResourcesPaths), filepath.Join(s.config.Root, "components", "email"))
		for name, value := range s.config.Mail {
			env = append(env, name+"="+value)
		}
	}
	return process.Spec{
		Name: a.sidecar(), Command: append([]string{s.daprd}, a.DaprdArgs(a.ports)...), Dir: a.AppDirPath,
		Env:         env,
		StopTimeout: sidecarDrain,
		// It needs nothing: it waits for the broker, for which its app has it look.
		Unprinted: toldBySidecars,
		// The plain healthz waits for the app, which waits for the sidecar.
		Ready: answers(fmt.Sprintf("http://%s/v1.0/healthz/outbound", port.Address(a.ports.DaprHTTP))),
	}
}

// answers returns a check that url answers with a 2xx status.
func answers(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode/100 != 2 {
			body, _ := io.ReadAll(io.LimitReader(response.Body, 500))
			return fmt.Errorf("%s answers %s: %s", url, response.Status, body)
		}
		return nil
	}
}

// listenAddress is where a replica serves its probes: as its template's env
// says, on that port if it is free, else beside the API on its app port.
func (s *Stack) listenAddress(a app, wanted func(int) int) (string, error) {
	address := a.Env[listenVariable]
	if address == "" {
		return port.Address(a.ports.App), nil
	}
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("%s of app %s: %w", listenVariable, a.AppID, err)
	}
	number, err := strconv.Atoi(text)
	if err != nil {
		return "", fmt.Errorf("%s of app %s: %w", listenVariable, a.AppID, err)
	}
	number, err = s.picker.Pick(wanted(number))
	return port.Address(number), err
}
