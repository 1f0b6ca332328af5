package manifests

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

func reviewApp(o *Objects, d *appsv1.Deployment) error {
	c := &d.Spec.Template.Spec.Containers[0]
	var errs []error
	if c.Name != d.Name {
		errs = append(errs, fmt.Errorf("its container is called %s", c.Name))
	}
	if len(c.Command) != 1 || c.Command[0] != "/"+d.Name {
		errs = append(errs, fmt.Errorf("runs %v", c.Command))
	}
	if !selects(d.Spec.Selector, labels.Set(d.Spec.Template.Labels)) || len(d.Spec.Selector.MatchLabels) == 0 {
		errs = append(errs, errors.New("the Deployment selects other pods"))
	}
	// A roll-out never has fewer replicas than there were.
	if r := d.Spec.Strategy.RollingUpdate; r == nil || r.MaxUnavailable == nil || r.MaxUnavailable.IntValue() != 0 || r.MaxSurge == nil || r.MaxSurge.IntValue() != 1 {
		errs = append(errs, errors.New("a roll-out takes replicas away before it adds one"))
	}
	// Go must collect garbage before the limit is reached.
	if v := variable(c, "GOMEMLIMIT"); v == nil || v.Value != "200MiB" || c.Resources.Limits.Memory().String() != "256Mi" {
		errs = append(errs, errors.New("GOMEMLIMIT is not under the memory limit"))
	}
	// Every app that can open the secrets of channels is listed.
	sealing := variable(c, "TICKLER_SECRET_KEY")
	if opens := sealing != nil && sealing.ValueFrom != nil && sealing.ValueFrom.SecretKeyRef.Name == "tickler-secret-key"; opens != (d.Name != "recurrer") {
		errs = append(errs, errors.New("the key of the secrets of channels is for api and notifier"))
	}
	return errors.Join(append(errs, reviewProbes(c), reviewSpread(o, &d.Spec.Template), reviewService(o, d), reviewReplicas(o, d))...)
}

func reviewProbes(c *corev1.Container) error {
	var errs []error
	port := slices.IndexFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == "http" && p.ContainerPort == 8080 })
	if v := variable(c, "TICKLER_LISTEN"); port < 0 || v == nil || v.Value != ":8080" {
		errs = append(errs, errors.New("the port http is not where the app listens"))
	}
	for name, probe := range map[string]*corev1.Probe{"startup": c.StartupProbe, "liveness": c.LivenessProbe, "readiness": c.ReadinessProbe} {
		wanted := "/healthz"
		if name == "readiness" {
			wanted = "/readyz"
		}
		if probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != wanted || probe.HTTPGet.Port.String() != "http" {
			errs = append(errs, fmt.Errorf("the %s probe does not ask %s", name, wanted))
			continue
		}
		// After so long: it gives up at start, later than the app, which waits a minute
		// for its database; it starts an app anew that answers nothing at all; it sends
		// no more calls.
		least, most := map[string]int32{"startup": 61, "liveness": 30, "readiness": 3}[name], map[string]int32{"startup": 120, "liveness": 60, "readiness": 6}[name]
		if after := or(probe.PeriodSeconds, 10) * or(probe.FailureThreshold, 3); after < least || after > most {
			errs = append(errs, fmt.Errorf("the %s probe gives up after %d s, wanted %d to %d s", name, after, least, most))
		}
	}
	if c.LivenessProbe != nil && c.LivenessProbe.TimeoutSeconds < 3 || c.ReadinessProbe != nil && c.ReadinessProbe.TimeoutSeconds < 2 {
		errs = append(errs, errors.New("the probes leave a busy app no time"))
	}
	return errors.Join(errs...)
}

// or is the API server's default for an absent value.
func or(value, standard int32) int32 {
	if value == 0 {
		return standard
	}
	return value
}

// reviewSpread: replicas are on different machines and in different zones where that
// can be, and are not all taken away at once.
func reviewSpread(o *Objects, template *corev1.PodTemplateSpec) error {
	var errs []error
	pods := labels.Set(template.Labels)
	over := map[string]bool{}
	for _, spread := range template.Spec.TopologySpreadConstraints {
		over[spread.TopologyKey] = true
		if !selects(spread.LabelSelector, pods) || !slices.Equal(spread.MatchLabelKeys, []string{"app.kubernetes.io/name"}) {
			errs = append(errs, fmt.Errorf("the spread over %s selects other pods", spread.TopologyKey))
		}
		if spread.MaxSkew != 1 || spread.WhenUnsatisfiable != corev1.ScheduleAnyway {
			errs = append(errs, fmt.Errorf("the spread over %s is not even, or keeps pods from running", spread.TopologyKey))
		}
	}
	if !over["kubernetes.io/hostname"] || !over["topology.kubernetes.io/zone"] {
		errs = append(errs, errors.New("replicas are not spread"))
	}
	budgets := 0
	for _, b := range o.Budgets {
		if selects(b.Spec.Selector, pods) && b.Spec.MaxUnavailable != nil && b.Spec.MaxUnavailable.IntValue() == 1 {
			budgets++
		}
	}
	if budgets != 1 {
		errs = append(errs, fmt.Errorf("%d PodDisruptionBudgets", budgets))
	}
	return errors.Join(errs...)
}

// reviewService: api has one, under whose names it is called.
func reviewService(o *Objects, d *appsv1.Deployment) error {
	serving := 0
	for _, s := range o.Services {
		if !labels.SelectorFromSet(s.Spec.Selector).Matches(labels.Set(d.Spec.Template.Labels)) {
			continue
		}
		serving++
		if len(s.Spec.Ports) != 1 || s.Spec.Ports[0].Name != "http" || s.Spec.Ports[0].Port != 80 || s.Spec.Ports[0].TargetPort.String() != "http" {
			return fmt.Errorf("the Service %s does not lead to the port http", s.Name)
		}
		hosts := variable(&d.Spec.Template.Spec.Containers[0], "TICKLER_HOSTS")
		for _, name := range []string{s.Name, s.Name + ".tickler", s.Name + ".tickler.svc", s.Name + ".tickler.svc.cluster.local"} {
			if hosts == nil || !slices.Contains(strings.Split(hosts.Value, ","), name) {
				return fmt.Errorf("calls for %s are refused", name)
			}
		}
	}
	if (serving == 1) != (d.Name == "api") {
		return fmt.Errorf("%d Services", serving)
	}
	return nil
}

// reviewReplicas: somebody decides how many there are, and nobody else.
func reviewReplicas(o *Objects, d *appsv1.Deployment) error {
	var errs []error
	scaled := 0
	for _, s := range o.Scalers {
		target := s.Spec.ScaleTargetRef
		if target.APIVersion != "apps/v1" || target.Kind != "Deployment" || target.Name != d.Name {
			continue
		}
		scaled++
		if s.Spec.MinReplicas == nil || s.Spec.MaxReplicas < 3 {
			errs = append(errs, errors.New("the HorizontalPodAutoscaler has no bounds"))
		}
		if len(s.Spec.Metrics) != 1 || s.Spec.Metrics[0].Type != "ContainerResource" {
			errs = append(errs, errors.New("the HorizontalPodAutoscaler looks at nothing"))
			continue
		}
		m := s.Spec.Metrics[0].ContainerResource
		if m == nil || m.Container != d.Name || m.Name != corev1.ResourceCPU || m.Target.Type != "Utilization" || m.Target.AverageUtilization == nil {
			errs = append(errs, errors.New("the HorizontalPodAutoscaler does not look at the app's CPU"))
		}
	}
	if (scaled == 1) != (d.Name == "api") {
		errs = append(errs, fmt.Errorf("%d HorizontalPodAutoscalers", scaled))
	}
	for _, s := range o.LagScalers {
		if s.Spec.ScaleTargetRef.Name == d.Name {
			scaled++
		}
	}
	if (d.Spec.Replicas == nil) != (scaled == 1) {
		errs = append(errs, errors.New("replicas are decided twice, or by nobody"))
	}
	return errors.Join(errs...)
}

// reviewStop adds up how long a stop takes: the pod must not be killed before.
func reviewStop(pod *corev1.Pod) error {
	if pod.Spec.TerminationGracePeriodSeconds == nil {
		return errors.New("there is no terminationGracePeriodSeconds")
	}
	grace := time.Duration(*pod.Spec.TerminationGracePeriodSeconds) * time.Second
	app, daprd := &pod.Spec.Containers[0], container(pod, "daprd")
	if app.Lifecycle == nil || app.Lifecycle.PreStop == nil || app.Lifecycle.PreStop.Sleep == nil || app.Lifecycle.PreStop.Sleep.Seconds < 5 {
		return errors.New("does not wait until no Service sends calls any more")
	}
	v := variable(app, "TICKLER_DRAIN")
	if v == nil {
		return errors.New("TICKLER_DRAIN is not set")
	}
	drain, err := time.ParseDuration(v.Value)
	if err != nil {
		return err
	}
	stop := time.Duration(app.Lifecycle.PreStop.Sleep.Seconds)*time.Second + drain
	if daprd == nil {
		if grace <= stop {
			return fmt.Errorf("the pod is killed after %s, the app needs %s", grace, stop)
		}
		return nil
	}
	flags := parse(daprd.Args)
	block, err := time.ParseDuration(flags["--dapr-block-shutdown-duration"])
	if err != nil {
		return fmt.Errorf("the sidecar does not wait for its app: %w", err)
	}
	seconds, err := strconv.Atoi(flags["--dapr-graceful-shutdown-seconds"])
	if err != nil || seconds <= 0 {
		return errors.New("the sidecar's graceful shutdown is not set")
	}
	switch sidecar := block + time.Duration(seconds)*time.Second; {
	case block <= stop:
		return fmt.Errorf("the sidecar serves for %s, the app needs %s", block, stop)
	case grace <= sidecar:
		return fmt.Errorf("the pod is killed after %s, its sidecar needs %s", grace, sidecar)
	}
	return nil
}

// reviewWait: a pod whose sidecar uses the bus waits until the broker is where the
// sidecar looks for it. Others wait for nothing.
func reviewWait(pod *corev1.Pod) error {
	app, waits := &pod.Spec.Containers[0], pod.Spec.InitContainers
	if app.Name == public {
		if len(waits) > 0 {
			return errors.New("waits for something before it starts")
		}
		return nil
	}
	if len(waits) != 1 || waits[0].Name != "broker" || waits[0].Image != app.Image || !slices.Equal(waits[0].Command, []string{"/api", "await", "BROKER_ADDRESS"}) {
		return errors.New("does not wait for the broker before its sidecar starts")
	}
	v, daprd := variable(&waits[0], "BROKER_ADDRESS"), container(pod, "daprd")
	if v == nil || v.ValueFrom == nil || v.ValueFrom.SecretKeyRef == nil || daprd == nil {
		return errors.New("waits for no broker")
	}
	for _, name := range []string{"KAFKA_BROKERS", "REDIS_HOST", "RABBITMQ_URL", "NATS_URL"} {
		of := variable(daprd, name)
		if of != nil && of.ValueFrom != nil && of.ValueFrom.SecretKeyRef != nil && *of.ValueFrom.SecretKeyRef == *v.ValueFrom.SecretKeyRef {
			return nil
		}
	}
	return errors.New("waits for another broker than its sidecar uses")
}

func selects(selector *metav1.LabelSelector, pods labels.Set) bool {
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(pods)
}
