package manifests

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	injector "github.com/dapr/dapr/pkg/injector/consts"
	"github.com/dapr/dapr/pkg/injector/patcher"
)

// LocalApp is what dapr.yaml says of an app.
type LocalApp struct {
	AppID                  string `json:"appID"`
	AppPort                int    `json:"appPort"`
	AppProtocol            string `json:"appProtocol"`
	EnableAppHealthCheck   bool   `json:"enableAppHealthCheck"`
	AppHealthCheckPath     string `json:"appHealthCheckPath"`
	AppHealthProbeInterval int    `json:"appHealthProbeInterval"`
	AppHealthProbeTimeout  int    `json:"appHealthProbeTimeout"`
	AppHealthThreshold     int    `json:"appHealthThreshold"`
}

// LocalRun is dapr.yaml.
type LocalRun struct {
	Common struct {
		ConfigFilePath string `json:"configFilePath"`
		LogLevel       string `json:"logLevel"`
	} `json:"common"`
	Apps []LocalApp `json:"apps"`
}

// ReadLocalRun reads dapr.yaml.
func ReadLocalRun() (*LocalRun, error) {
	text, err := os.ReadFile(filepath.Join(Root, "dapr.yaml"))
	if err != nil {
		return nil, err
	}
	var run LocalRun
	return &run, yaml.Unmarshal(text, &run)
}

// Arguments are the flags of daprd that the local run of an app sets; "" is a flag
// without a value. The name of the Configuration is that in its file.
func (r *LocalRun) Arguments(app LocalApp) (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join(Root, r.Common.ConfigFilePath))
	if err != nil {
		return nil, err
	}
	var configuration struct {
		Metadata struct{ Name string }
	}
	if err := yaml.Unmarshal(text, &configuration); err != nil {
		return nil, err
	}
	flags := map[string]string{
		"--app-id": app.AppID, "--app-port": strconv.Itoa(app.AppPort), "--app-protocol": "http",
		"--config": configuration.Metadata.Name, "--log-level": r.Common.LogLevel,
	}
	if app.AppProtocol != "" {
		flags["--app-protocol"] = app.AppProtocol
	}
	if app.EnableAppHealthCheck {
		flags["--enable-app-health-check"] = ""
		flags["--app-health-check-path"] = app.AppHealthCheckPath
		flags["--app-health-probe-interval"] = strconv.Itoa(app.AppHealthProbeInterval)
		flags["--app-health-probe-timeout"] = strconv.Itoa(app.AppHealthProbeTimeout)
		flags["--app-health-threshold"] = strconv.Itoa(app.AppHealthThreshold)
	}
	return flags, nil
}

// Injected is the pod of a Deployment as Dapr's injector leaves it, installed as
// docs/deploy.md says: without dropping capabilities when drop is false. A pod that
// does not ask for a sidecar stays as it is.
func Injected(d *appsv1.Deployment, drop bool) (*corev1.Pod, error) {
	key, err := json.Marshal([]any{d.Name, d.Namespace, d.Spec.Template, drop})
	if err != nil {
		return nil, err
	}
	if pod, ok := injected.Load(string(key)); ok {
		return pod.(*corev1.Pod).DeepCopy(), nil
	}
	pod, err := inject(d, drop)
	if err == nil {
		injected.Store(string(key), pod.DeepCopy())
	}
	return pod, err
}

// injected are the pods by what they were made of: tests ask for the same ones again
// and again.
var injected sync.Map

func inject(d *appsv1.Deployment, drop bool) (*corev1.Pod, error) {
	pod := &corev1.Pod{ObjectMeta: *d.Spec.Template.ObjectMeta.DeepCopy(), Spec: *d.Spec.Template.Spec.DeepCopy()}
	pod.Name, pod.Namespace = d.Name+"-0", d.Namespace
	sidecar := patcher.NewSidecarConfig(pod)
	sidecar.Mode = injector.ModeKubernetes
	sidecar.Namespace = d.Namespace
	sidecar.MTLSEnabled = true
	sidecar.OperatorAddress = "dapr-api.dapr-system.svc.cluster.local:443"
	sidecar.SentryAddress = "dapr-sentry.dapr-system.svc.cluster.local:443"
	sidecar.PlacementAddress = "dapr-placement-server.dapr-system.svc.cluster.local:50005"
	sidecar.SidecarImage = "daprd:installed" // some version, as the chart names one
	sidecar.RunAsNonRoot = true
	sidecar.ReadOnlyRootFilesystem = true
	sidecar.SidecarDropALLCapabilities = drop
	sidecar.ControlPlaneNamespace = "dapr-system"
	sidecar.ControlPlaneTrustDomain = "cluster.local"
	sidecar.KubeClusterDomain = "cluster.local"
	sidecar.SchedulerEnabled = true
	sidecar.SetFromPodAnnotations()
	patch, err := sidecar.GetPatch()
	if err != nil {
		return nil, err
	}
	if patch == nil {
		return pod, nil
	}
	return patcher.PatchPod(pod, patch)
}

// ReviewSidecars compares each injected sidecar with that of the local run, and
// with what its app expects of it. api has one only where configurations names one
// for it.
func ReviewSidecars(o *Objects, run *LocalRun, configurations map[string]string) error {
	var errs []error
	for _, local := range run.Apps {
		d, err := find(o.Deployments, local.AppID, func(d *appsv1.Deployment) string { return d.Name })
		if err != nil {
			errs = append(errs, err)
			continue
		}
		pod, err := Injected(d, true)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", d.Name, err))
			continue
		}
		wanted, err := run.Arguments(local)
		if err != nil {
			return err
		}
		name := configurations[d.Name]
		if name != "" {
			wanted["--config"] = name
		} else if d.Name == public {
			errs = append(errs, reviewAlone(pod))
			continue
		}
		if err := reviewSidecar(pod, wanted); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", d.Name, err))
		}
	}
	if len(o.Deployments) != len(run.Apps) {
		errs = append(errs, fmt.Errorf("%d Deployments, %d apps in the local run", len(o.Deployments), len(run.Apps)))
	}
	return errors.Join(errs...)
}

// public is the app that others call. It needs no sidecar.
const public = "api"

// reviewAlone: it waits for no sidecar, and the injector can tell that by a label.
func reviewAlone(pod *corev1.Pod) error {
	if container(pod, injector.SidecarContainerName) != nil {
		return fmt.Errorf("%s: there is a daprd, which takes the pod out of its Service when it is not ready", public)
	}
	if pod.Labels["tickler/sidecar"] != "none" {
		return fmt.Errorf("%s: the injector cannot be told to leave it alone", public)
	}
	return nil
}

// sameAsLocal are flags that must be as in the local run, also when it lacks them.
func sameAsLocal(flag string) bool {
	return strings.HasPrefix(flag, "--app-") || slices.Contains([]string{"--config", "--log-level", "--enable-app-health-check", "--max-body-size", "--read-buffer-size"}, flag)
}

func reviewSidecar(pod *corev1.Pod, wanted map[string]string) error {
	daprd, app := container(pod, injector.SidecarContainerName), pod.Spec.Containers[0]
	if daprd == nil {
		return errors.New("there is no daprd")
	}
	var errs []error
	flags := parse(daprd.Args)
	got := maps.Clone(flags)
	maps.DeleteFunc(got, func(flag, _ string) bool { return !sameAsLocal(flag) })
	if !maps.Equal(got, wanted) {
		errs = append(errs, fmt.Errorf("daprd gets %v, in the local run %v", got, wanted))
	}
	if _, ok := flags["--disable-builtin-k8s-secret-store"]; !ok {
		errs = append(errs, errors.New("daprd wants to read secrets itself, without a service-account token"))
	}

	expect := func(c *corev1.Container, name, secret string) {
		v := variable(c, name)
		if v == nil || v.ValueFrom == nil || v.ValueFrom.SecretKeyRef == nil || v.ValueFrom.SecretKeyRef.Name != secret || v.ValueFrom.SecretKeyRef.Key != "token" {
			errs = append(errs, fmt.Errorf("%s of %s is not token of the Secret %s", name, c.Name, secret))
		}
	}
	expect(daprd, "DAPR_API_TOKEN", "tickler-dapr-token-"+app.Name)
	if app.Name == public { // it asks nothing of its sidecar, and is called back by nobody
		if variable(&app, "DAPR_API_TOKEN") != nil || pod.Labels["tickler/sidecar"] != "" {
			errs = append(errs, errors.New("api has the token of its sidecar, or the label of a pod without one"))
		}
	} else {
		expect(&app, "DAPR_API_TOKEN", "tickler-dapr-token-"+app.Name)
		expect(daprd, "APP_API_TOKEN", "tickler-app-token-"+app.Name)
		expect(&app, "APP_API_TOKEN", "tickler-app-token-"+app.Name)
		if v := variable(&app, "APP_PORT"); v == nil || v.Value != flags["--app-port"] {
			errs = append(errs, errors.New("APP_PORT is not the port that daprd calls"))
		}
	}
	errs = append(errs, reviewCredentials(daprd, app.Name))
	for _, ports := range []struct{ env, flag string }{{"DAPR_HTTP_PORT", "--dapr-http-port"}, {"DAPR_GRPC_PORT", "--dapr-grpc-port"}} {
		if v := variable(&app, ports.env); v == nil || v.Value != flags[ports.flag] {
			errs = append(errs, fmt.Errorf("%s is not the port of daprd", ports.env))
		}
	}
	if v := variable(&app, "TICKLER_LISTEN"); v == nil || v.Value != ":8080" {
		errs = append(errs, errors.New("TICKLER_LISTEN is not the port of the probes"))
	}
	if limit := daprd.Resources.Limits.Memory().String(); limit != "128Mi" {
		errs = append(errs, fmt.Errorf("daprd may use %s of memory", limit))
	}
	if s := daprd.SecurityContext; s == nil || s.SeccompProfile == nil || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault {
		errs = append(errs, errors.New("daprd names no seccomp profile"))
	}
	// A sidecar that did not know its limit would be killed there.
	if v := variable(daprd, "GOMEMLIMIT"); v == nil || v.Value != "110MiB" {
		errs = append(errs, errors.New("GOMEMLIMIT of daprd is not under its memory limit"))
	}
	return errors.Join(errs...)
}

// addresses and credentials are what the components of a broker take from the
// environment: from the Secret of all apps, and from that of one.
var (
	addresses   = [][]string{{"KAFKA_BROKERS"}, {"REDIS_HOST"}, nil, nil}
	credentials = [][]string{{"KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD"}, {"REDIS_USERNAME", "REDIS_PASSWORD"}, {"RABBITMQ_URL"}, {"NATS_URL"}}
)

// reviewCredentials: daprd of a worker has all variables of one broker, as the user of
// its app; that of api none.
func reviewCredentials(daprd *corev1.Container, app string) error {
	if app == public {
		for _, names := range slices.Concat(addresses, credentials) {
			if slices.ContainsFunc(names, func(name string) bool { return variable(daprd, name) != nil }) {
				return errors.New("daprd of api has credentials of the broker")
			}
		}
		return nil
	}
	from := func(secret string, names []string) bool {
		return !slices.ContainsFunc(names, func(name string) bool {
			v := variable(daprd, name)
			return v == nil || v.ValueFrom == nil || v.ValueFrom.SecretKeyRef == nil || v.ValueFrom.SecretKeyRef.Name != secret || v.ValueFrom.SecretKeyRef.Key != name
		})
	}
	for i := range credentials {
		if from(BrokerSecret, addresses[i]) && from(BrokerSecretOf(app), credentials[i]) {
			return nil
		}
	}
	return errors.New("daprd lacks its app's credentials of the broker")
}

// parse reads a command line of daprd.
func parse(args []string) map[string]string {
	flags := map[string]string{}
	for i, arg := range args {
		if !strings.HasPrefix(arg, "--") {
			continue
		}
		flags[arg] = ""
		if i+1 < len(args) && !strings.HasPrefix(args[i+1], "--") {
			flags[arg] = args[i+1]
		}
	}
	return flags
}

func container(pod *corev1.Pod, name string) *corev1.Container {
	for i := range pod.Spec.Containers {
		if pod.Spec.Containers[i].Name == name {
			return &pod.Spec.Containers[i]
		}
	}
	return nil
}

func variable(c *corev1.Container, name string) *corev1.EnvVar {
	for i := range c.Env {
		if c.Env[i].Name == name {
			return &c.Env[i]
		}
	}
	return nil
}
