package manifests

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	psa "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// secrets that the operator makes, with their keys; docs/deploy.md makes them all.
var secrets = map[string][]string{
	"tickler-database":   {"url"},
	"tickler-dapr-token": {"token"},
	"tickler-app-token":  {"token"},
	BrokerSecret:         {"KAFKA_BROKERS", "KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD"},
	"tickler-postgres":   {"password"}, // of the local overlay, as the next
	"tickler-redpanda":   {"user"},
}

// ReviewPods looks at every pod, those of the apps with their sidecars.
func ReviewPods(o *Objects) error {
	var errs []error
	note := func(name string, err error) {
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	for i := range o.Deployments {
		d := &o.Deployments[i]
		pod, err := Injected(d, true)
		if err != nil {
			note(d.Name, err)
			continue
		}
		note(d.Name, Restricted(pod))
		note(d.Name, reviewPod(o, pod))
		note(d.Name, reviewImage(pod))
		note(d.Name, reviewApp(o, d))
		note(d.Name, reviewStop(pod))
	}
	for i := range o.Jobs {
		template := o.Jobs[i].Spec.Template
		pod := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
		note(o.Jobs[i].Name, Restricted(pod))
		note(o.Jobs[i].Name, reviewPod(o, pod))
		note(o.Jobs[i].Name, reviewImage(pod))
	}
	for i := range o.StatefulSets {
		template := o.StatefulSets[i].Spec.Template
		pod := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
		note(o.StatefulSets[i].Name, Restricted(pod))
		note(o.StatefulSets[i].Name, reviewPod(o, pod))
	}
	for _, account := range o.ServiceAccounts {
		if account.AutomountServiceAccountToken == nil || *account.AutomountServiceAccountToken {
			note(account.Name, errors.New("the ServiceAccount hands out tokens"))
		}
	}
	if len(o.Namespaces) != 1 || o.Namespaces[0].Labels["pod-security.kubernetes.io/enforce"] != "restricted" {
		errs = append(errs, errors.New("the namespace does not enforce the restricted standard"))
	}
	return errors.Join(errs...)
}

// Restricted holds a pod against the restricted Pod Security Standard, by the code
// with which Kubernetes admits pods.
func Restricted(pod *corev1.Pod) error {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks())
	if err != nil {
		return err
	}
	result := policy.AggregateCheckResults(evaluator.EvaluatePod(psa.LevelVersion{Level: psa.LevelRestricted, Version: psa.LatestVersion()}, &pod.ObjectMeta, &pod.Spec))
	if !result.Allowed {
		return fmt.Errorf("violates the restricted standard: %s", result.ForbiddenDetail())
	}
	return nil
}

func reviewPod(o *Objects, pod *corev1.Pod) error {
	var errs []error
	spec := &pod.Spec
	if spec.AutomountServiceAccountToken == nil || *spec.AutomountServiceAccountToken {
		errs = append(errs, errors.New("gets a service-account token"))
	}
	if _, err := find(o.ServiceAccounts, spec.ServiceAccountName, func(a *corev1.ServiceAccount) string { return a.Name }); err != nil {
		errs = append(errs, err)
	}
	if s := spec.SecurityContext; s == nil || s.RunAsUser == nil || *s.RunAsUser == 0 {
		errs = append(errs, errors.New("has no numeric user"))
	}
	for i := range spec.Containers {
		c := &spec.Containers[i]
		if s := c.SecurityContext; s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem {
			errs = append(errs, fmt.Errorf("%s can write to its root file system", c.Name))
		}
		for kind, list := range map[string]corev1.ResourceList{"requests": c.Resources.Requests, "limits": c.Resources.Limits} {
			if list.Cpu().IsZero() || list.Memory().IsZero() {
				errs = append(errs, fmt.Errorf("%s: %s are not whole", c.Name, kind))
			}
		}
		if _, version, _ := strings.Cut(c.Image, ":"); version == "" {
			errs = append(errs, fmt.Errorf("%s: %s has no version", c.Name, c.Image))
		}
		for _, v := range c.Env {
			if v.ValueFrom == nil || v.ValueFrom.SecretKeyRef == nil {
				if strings.Contains(v.Name, "TOKEN") || strings.Contains(v.Name, "PASSWORD") || v.Name == "DATABASE_URL" {
					errs = append(errs, fmt.Errorf("%s: %s does not come from a Secret", c.Name, v.Name))
				}
				continue
			}
			ref := v.ValueFrom.SecretKeyRef
			known := false
			for _, key := range secrets[ref.Name] {
				known = known || key == ref.Key
			}
			if !known {
				errs = append(errs, fmt.Errorf("%s: no one makes the Secret %s with %s", c.Name, ref.Name, ref.Key))
			}
		}
	}
	return errors.Join(errs...)
}

// reviewImage looks at what runs our own image.
func reviewImage(pod *corev1.Pod) error {
	c := &pod.Spec.Containers[0]
	if name, _, _ := strings.Cut(c.Image, ":"); name != "tickler" {
		return fmt.Errorf("%s: %s is not the image that an overlay names", c.Name, c.Image)
	}
	if v := variable(c, "DATABASE_URL"); v == nil && pod.Labels["app.kubernetes.io/name"] != "topics" {
		return errors.New("DATABASE_URL is not set")
	}
	return nil
}

func reviewApp(o *Objects, d *appsv1.Deployment) error {
	var errs []error
	template := &d.Spec.Template
	c := &template.Spec.Containers[0]
	if len(c.Command) != 1 || c.Command[0] != "/"+d.Name {
		errs = append(errs, fmt.Errorf("runs %v", c.Command))
	}
	for name, probe := range map[string]*corev1.Probe{"startup": c.StartupProbe, "liveness": c.LivenessProbe, "readiness": c.ReadinessProbe} {
		wanted := "/healthz"
		if name == "readiness" {
			wanted = "/readyz"
		}
		if probe == nil || probe.HTTPGet == nil || probe.HTTPGet.Path != wanted || probe.HTTPGet.Port.String() != "http" {
			errs = append(errs, fmt.Errorf("the %s probe does not ask %s", name, wanted))
		}
	}
	// An app waits a minute for its database at start.
	if p := c.StartupProbe; p != nil && p.PeriodSeconds*p.FailureThreshold <= 60 {
		errs = append(errs, errors.New("the startup probe gives up before the app does"))
	}
	pods := labels.Set(template.Labels)
	if len(template.Spec.TopologySpreadConstraints) == 0 {
		errs = append(errs, errors.New("replicas are not spread"))
	}
	for _, spread := range template.Spec.TopologySpreadConstraints {
		if !selects(spread.LabelSelector, pods) {
			errs = append(errs, fmt.Errorf("the spread over %s selects other pods", spread.TopologyKey))
		}
	}
	budgets := 0
	for _, b := range o.Budgets {
		if selects(b.Spec.Selector, pods) {
			budgets++
		}
	}
	if budgets != 1 {
		errs = append(errs, fmt.Errorf("%d PodDisruptionBudgets", budgets))
	}
	serving, scaled := 0, 0
	for _, s := range o.Services {
		if labels.SelectorFromSet(s.Spec.Selector).Matches(pods) {
			serving++
		}
	}
	for _, s := range o.Scalers {
		if s.Spec.ScaleTargetRef.Kind == "Deployment" && s.Spec.ScaleTargetRef.Name == d.Name {
			scaled++
		}
	}
	wanted := 0
	if d.Name == "api" {
		wanted = 1
	}
	if serving != wanted || scaled != wanted {
		errs = append(errs, fmt.Errorf("%d Services, %d HorizontalPodAutoscalers", serving, scaled))
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
	if app.Lifecycle == nil || app.Lifecycle.PreStop == nil || app.Lifecycle.PreStop.Sleep == nil {
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

func selects(selector *metav1.LabelSelector, pods labels.Set) bool {
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(pods)
}
