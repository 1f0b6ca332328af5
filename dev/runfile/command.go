package runfile

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Ports are those that one replica of an app and its daprd really listen on:
// the template's where they were free.
type Ports struct {
	App          int
	DaprHTTP     int
	DaprGRPC     int
	DaprInternal int
	Metrics      int
	Profile      int
}

// Wanted lists the ports that the template names; 0 means any.
func (a App) Wanted() Ports {
	return Ports{
		App: a.AppPort, DaprHTTP: a.DaprHTTPPort, DaprGRPC: a.DaprGRPCPort,
		DaprInternal: a.DaprInternalGRPCPort, Metrics: a.MetricsPort, Profile: a.ProfilePort,
	}
}

const loopback = "127.0.0.1"

// DaprdArgs are the flags that the CLI would start daprd with, held to the
// loopback interface. Placement and scheduler are off unless the template names
// them: the local stack runs neither, and daprd would wait and complain.
func (a App) DaprdArgs(p Ports) []string {
	args := []string{
		"--app-id", a.AppID,
		"--app-port", strconv.Itoa(p.App),
		"--app-protocol", cmp.Or(strings.ToLower(a.AppProtocol), "http"),
		"--dapr-http-port", strconv.Itoa(p.DaprHTTP),
		"--dapr-grpc-port", strconv.Itoa(p.DaprGRPC),
		"--dapr-internal-grpc-port", strconv.Itoa(p.DaprInternal),
		"--dapr-internal-grpc-listen-address", loopback,
		"--dapr-listen-addresses", cmp.Or(a.APIListenAddresses, loopback),
		"--metrics-port", strconv.Itoa(p.Metrics),
		"--metrics-listen-address", loopback,
		"--placement-host-address", a.PlacementHostAddress,
		"--scheduler-host-address", a.SchedulerHostAddress,
	}
	for _, path := range a.ResourcesPaths {
		args = append(args, "--resources-path", path)
	}
	for _, f := range []struct{ name, value string }{
		{"--config", a.ConfigFilePath},
		{"--app-channel-address", a.AppChannelAddress},
		{"--log-level", a.LogLevel},
		{"--max-body-size", a.MaxBodySize},
		{"--read-buffer-size", a.ReadBufferSize},
		{"--app-health-check-path", a.AppHealthCheckPath},
	} {
		if f.value != "" {
			args = append(args, f.name, f.value)
		}
	}
	for _, f := range []struct {
		name  string
		value int
	}{
		{"--app-max-concurrency", a.AppMaxConcurrency},
		{"--app-health-probe-interval", a.AppHealthProbeInterval},
		{"--app-health-probe-timeout", a.AppHealthProbeTimeout},
		{"--app-health-threshold", a.AppHealthThreshold},
	} {
		if f.value > 0 {
			args = append(args, f.name, strconv.Itoa(f.value))
		}
	}
	if a.EnableAppHealthCheck {
		args = append(args, "--enable-app-health-check")
	}
	if a.EnableAPILogging {
		args = append(args, "--enable-api-logging")
	}
	if a.EnableProfiling {
		args = append(args, "--enable-profiling", "--profile-port", strconv.Itoa(p.Profile))
	}
	return args
}

// AppEnv is what the CLI adds to the environment of the app: its identity and
// ports, then the template's env, sorted by name.
func (a App) AppEnv(p Ports) []string {
	env := []string{
		"APP_ID=" + a.AppID,
		"APP_PORT=" + strconv.Itoa(p.App),
		"APP_PROTOCOL=" + cmp.Or(strings.ToLower(a.AppProtocol), "http"),
		"DAPR_HTTP_PORT=" + strconv.Itoa(p.DaprHTTP),
		"DAPR_GRPC_PORT=" + strconv.Itoa(p.DaprGRPC),
		"DAPR_METRICS_PORT=" + strconv.Itoa(p.Metrics),
	}
	if a.AppChannelAddress != "" {
		env = append(env, "APP_CHANNEL_ADDRESS="+a.AppChannelAddress)
	}
	var own []string
	for name, value := range a.Env {
		own = append(own, name+"="+value)
	}
	slices.Sort(own)
	return append(env, own...)
}
