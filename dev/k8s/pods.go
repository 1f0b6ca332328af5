package manifests

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	psa "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// secrets that the operator makes, with their keys; docs/deploy.md makes them all.
var secrets = func() map[string][]string {
	all := map[string][]string{
		"tickler-database":   {"url", "ca"}, // ca with components/postgres-ca
		"tickler-secret-key": {"keys"},
		BrokerSecret:         {"KAFKA_BROKERS", "KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD", "KAFKA_CA", "REDIS_HOST"},
		"tickler-postgres":   {"password"}, // of the local overlay, as the next
		"tickler-redpanda":   {"user"},
	}
	all["tickler-dapr-token-"+public] = []string{"token"} // with components/agent
	for _, app := range []string{"notifier", "recurrer"} {
		all["tickler-dapr-token-"+app] = []string{"token"}
		all["tickler-app-token-"+app] = []string{"token"}
		all[BrokerSecretOf(app)] = slices.Concat(credentials...)
	}
	return all
}()

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
		note(d.Name, reviewWait(pod))
	}
	for i := range o.Jobs {
		template := o.Jobs[i].Spec.Template
		pod := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
		note(o.Jobs[i].Name, Restricted(pod))
		note(o.Jobs[i].Name, reviewPod(o, pod))
		note(o.Jobs[i].Name, reviewImage(pod))
		note(o.Jobs[i].Name, reviewJob(&o.Jobs[i]))
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
	if s := spec.SecurityContext; s == nil || s.RunAsUser == nil || *s.RunAsUser == 0 || s.RunAsGroup == nil || *s.RunAsGroup == 0 {
		errs = append(errs, errors.New("has no numeric user and group"))
	}
	if spec.EnableServiceLinks == nil || *spec.EnableServiceLinks {
		errs = append(errs, errors.New("gets the addresses of all Services into its environment"))
	}
	containers := slices.Concat(spec.InitContainers, spec.Containers)
	for i := range containers {
		c := &containers[i]
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
			errs = append(errs, made(c.Name, v.ValueFrom.SecretKeyRef.Name, v.ValueFrom.SecretKeyRef.Key))
		}
	}
	for _, v := range spec.Volumes {
		if v.Secret != nil {
			for _, item := range v.Secret.Items {
				errs = append(errs, made(v.Name, v.Secret.SecretName, item.Key))
			}
		}
	}
	return errors.Join(errs...)
}

// made tells of a key that no Secret of the operator has.
func made(by, secret, key string) error {
	if !slices.Contains(secrets[secret], key) {
		return fmt.Errorf("%s: no one makes the Secret %s with %s", by, secret, key)
	}
	return nil
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

// reviewJob: it tries some times, not forever, and each try leaves its log.
func reviewJob(j *batchv1.Job) error {
	if j.Spec.BackoffLimit == nil || j.Spec.ActiveDeadlineSeconds == nil || j.Spec.Template.Spec.RestartPolicy != corev1.RestartPolicyNever {
		return errors.New("the Job has no end")
	}
	if j.Spec.Template.Spec.Containers[0].Name != j.Name {
		return errors.New("its container is not named for it")
	}
	return nil
}
