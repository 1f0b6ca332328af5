package manifests

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/dapr/dapr/pkg/acl"
	components "github.com/dapr/dapr/pkg/apis/components/v1alpha1"
	configuration "github.com/dapr/dapr/pkg/apis/configuration/v1alpha1"
	resiliency "github.com/dapr/dapr/pkg/apis/resiliency/v1alpha1"
	subscriptions "github.com/dapr/dapr/pkg/apis/subscriptions/v2alpha1"
	"github.com/dapr/dapr/pkg/components/loader"
	"github.com/dapr/dapr/pkg/config"
	policies "github.com/dapr/dapr/pkg/resiliency"
	"github.com/dapr/kit/logger"
)

// BrokerSecret is the Secret with the address and credentials of the broker.
const BrokerSecret = "tickler-broker"

// onCluster are the settings that differ from the local run on purpose: brokers of
// a cluster are reached over TLS.
var onCluster = map[string]string{"disableTls": "false", "enableTLS": "true"}

// ReviewDapr reads the Dapr resources as daprd would, and compares them with those
// of the local run on the same broker. folder is empty and may be written to.
func ReviewDapr(o *Objects, broker, folder string) error {
	local, err := localResources(broker)
	if err != nil {
		return err
	}
	return errors.Join(
		loadComponents(o, broker, folder),
		sameComponents(o.Components, local.Components),
		same("Subscription", o.Subscriptions, local.Subscriptions,
			func(s *subscriptions.Subscription) string { return s.Name },
			func(s *subscriptions.Subscription) any { return []any{s.Spec, s.Scopes} }),
		same("Resiliency", o.Resiliencies, local.Resiliencies,
			func(r *resiliency.Resiliency) string { return r.Name },
			func(r *resiliency.Resiliency) any { return []any{r.Spec, r.Scopes} }),
		sameConfiguration(o, local),
		decodeResiliencies(o.Resiliencies),
		denied(o, folder),
	)
}

func localResources(broker string) (*Objects, error) {
	var o Objects
	for _, folder := range []string{filepath.Join(Root, "components"), filepath.Join(Root, "components", "brokers", broker)} {
		files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			for document := range strings.SplitSeq(string(text), "\n---\n") {
				var head struct{ APIVersion, Kind string }
				if err := yaml.Unmarshal([]byte(document), &head); err != nil {
					return nil, fmt.Errorf("%s: %w", file, err)
				}
				_, version, _ := strings.Cut(head.APIVersion, "/")
				if err := o.add(head.Kind+"."+version+".dapr.io", []byte(document)); err != nil {
					return nil, fmt.Errorf("%s: %w", file, err)
				}
			}
		}
	}
	// Kubernetes secrets need no component: Dapr's operator resolves them.
	o.Components = slices.DeleteFunc(o.Components, func(c components.Component) bool { return c.Name == "secrets" })
	return &o, nil
}

// loadComponents lets Dapr's own loader read them for each app: it must see the
// same components there as in the folders of the local run.
func loadComponents(o *Objects, broker, folder string) error {
	for _, c := range o.Components {
		text, err := yaml.Marshal(c)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, "component-"+c.Name+".yaml"), text, 0o600); err != nil {
			return err
		}
	}
	var errs []error
	for _, app := range []string{"api", "notifier", "recurrer", "agent"} {
		here, err := loaded(app, folder)
		if err != nil {
			return err
		}
		there, err := loaded(app, filepath.Join(Root, "components"), filepath.Join(Root, "components", "brokers", broker))
		if err != nil {
			return err
		}
		there = slices.DeleteFunc(there, func(name string) bool { return name == "secrets" })
		if !slices.Equal(here, there) {
			errs = append(errs, fmt.Errorf("components of %s: Dapr loads %v, in the local run %v", app, here, there))
		}
	}
	return errors.Join(errs...)
}

func loaded(app string, folders ...string) ([]string, error) {
	all, err := loader.NewLocalLoader(app, folders).Load(context.Background())
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return names, err
}

func sameComponents(here, there []components.Component) error {
	var errs []error
	for i := range here {
		c := &here[i]
		secret := false
		for _, m := range c.Spec.Metadata {
			if m.SecretKeyRef.Name == "" {
				continue
			}
			secret = true
			if m.SecretKeyRef.Name != BrokerSecret {
				errs = append(errs, fmt.Errorf("component %s: %s is in the Secret %s", c.Name, m.Name, m.SecretKeyRef.Name))
			}
		}
		if secret && c.SecretStore != "kubernetes" {
			errs = append(errs, fmt.Errorf("component %s: takes secrets from %q", c.Name, c.SecretStore))
		}
		for name, value := range onCluster {
			if got, ok := settings(c)[name]; ok && got != value {
				errs = append(errs, fmt.Errorf("component %s: %s is %s", c.Name, name, got))
			}
		}
	}
	return errors.Join(append(errs, same("Component", here, there,
		func(c *components.Component) string { return c.Name },
		func(c *components.Component) any {
			values := settings(c)
			for name := range onCluster {
				if _, ok := values[name]; ok {
					values[name] = "of the cluster"
				}
			}
			return []any{c.Spec.Type, c.Spec.Version, c.Spec.IgnoreErrors, c.Spec.InitTimeout, values, c.Scopes}
		}))...)
}

// settings of a component; a secret is told by its key alone.
func settings(c *components.Component) map[string]string {
	values := map[string]string{}
	for _, m := range c.Spec.Metadata {
		values[m.Name] = m.Value.String()
		if m.SecretKeyRef.Name != "" {
			values[m.Name] = "secret " + m.SecretKeyRef.Key
		}
	}
	return values
}

// same compares by name what two lists say.
func same[T any](kind string, here, there []T, nameOf func(*T) string, says func(*T) any) error {
	var errs []error
	for i := range there {
		name := nameOf(&there[i])
		object, err := find(here, name, nameOf)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if a, b := says(object), says(&there[i]); !reflect.DeepEqual(a, b) {
			errs = append(errs, fmt.Errorf("%s %s: differs from the local run:\n%+v\n%+v", kind, name, a, b))
		}
	}
	if len(here) != len(there) {
		errs = append(errs, fmt.Errorf("%d of %s, %d in the local run", len(here), kind, len(there)))
	}
	return errors.Join(errs...)
}

func sameConfiguration(o, local *Objects) error {
	name := func(c *configuration.Configuration) string { return c.Name }
	here, err := find(o.Configurations, "tickler", name)
	if err != nil {
		return err
	}
	return same("Configuration", []configuration.Configuration{*here}, local.Configurations, name,
		func(c *configuration.Configuration) any { return c.Spec })
}

func decodeResiliencies(all []resiliency.Resiliency) error {
	var errs []error
	for i := range all {
		if err := policies.New(logger.NewLogger("review")).DecodeConfiguration(&all[i]); err != nil {
			errs = append(errs, fmt.Errorf("resiliency %s: %w", all[i].Name, err))
		}
	}
	return errors.Join(errs...)
}

// AccessOf reads a Configuration as daprd does and returns its access control.
func AccessOf(o *Objects, name, folder string) (*config.AccessControlList, error) {
	c, err := find(o.Configurations, name, func(c *configuration.Configuration) string { return c.Name })
	if err != nil {
		return nil, err
	}
	text, err := yaml.Marshal(c)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(folder, "configuration-"+name+".yml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(file) }()
	read, err := config.LoadStandaloneConfiguration(file)
	if err != nil {
		return nil, fmt.Errorf("configuration %s: %w", name, err)
	}
	return acl.ParseAccessControlSpec(read.Spec.AccessControlSpec, true)
}

func denied(o *Objects, folder string) error {
	var errs []error
	for _, c := range o.Configurations {
		access, err := AccessOf(o, c.Name, folder)
		if err != nil {
			errs = append(errs, err)
		} else if access == nil || access.DefaultAction != "deny" {
			errs = append(errs, fmt.Errorf("configuration %s: calls are not denied by default", c.Name))
		}
	}
	return errors.Join(errs...)
}
