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
	configuration "github.com/dapr/dapr/pkg/apis/configuration/v1alpha1"
	resiliency "github.com/dapr/dapr/pkg/apis/resiliency/v1alpha1"
	subscriptions "github.com/dapr/dapr/pkg/apis/subscriptions/v2alpha1"
	"github.com/dapr/dapr/pkg/components/loader"
	"github.com/dapr/dapr/pkg/config"
	policies "github.com/dapr/dapr/pkg/resiliency"
	"github.com/dapr/kit/logger"
)

// BrokerSecret is the Secret with the address of the broker, and the credentials of who
// administers it.
const BrokerSecret = "tickler-broker"

// BrokerSecretOf is the Secret with the credentials of an app on the broker.
func BrokerSecretOf(app string) string { return BrokerSecret + "-" + app }

// onCluster are the settings that the overlays patch: brokers of a cluster are reached
// over TLS.
var onCluster = map[string]string{"disableTls": "false", "enableTLS": "true"}

// ReviewDapr reads the Dapr resources as daprd would, and looks at what the apps rely
// on. folder is empty and may be written to.
func ReviewDapr(o *Objects, broker, folder string) error {
	return errors.Join(
		takenOver(o, broker),
		loadComponents(o, folder),
		reviewSubscriptions(o),
		decodeResiliencies(o.Resiliencies),
		denied(o, folder),
		reviewSecretScopes(o),
	)
}

// reviewSecretScopes: no app gets the secrets of its sidecar's components.
func reviewSecretScopes(o *Objects) error {
	var errs []error
	for _, c := range o.Configurations {
		for _, store := range o.Components {
			if !strings.HasPrefix(store.Spec.Type, "secretstores.") {
				continue
			}
			if c.Spec.Secrets == nil || !slices.ContainsFunc(c.Spec.Secrets.Scopes, func(s configuration.SecretsScope) bool {
				return s.StoreName == store.Name && s.DefaultAccess == "deny" && len(s.AllowedSecrets) == 0
			}) {
				errs = append(errs, fmt.Errorf("configuration %s: apps may read the secrets of %s", c.Name, store.Name))
			}
		}
	}
	return errors.Join(errs...)
}

// takenOver reports what the overlay lost of components/, and what it changed
// beyond onCluster.
func takenOver(o *Objects, broker string) error {
	sources := map[string]map[string]any{}
	for _, folder := range []string{filepath.Join(Root, "components", "apps"), filepath.Join(Root, "components", "workers"), filepath.Join(Root, "components", "brokers", broker)} {
		if err := readSources(folder, sources); err != nil {
			return err
		}
	}
	var errs []error
	for name, source := range sources {
		rendered, ok := o.Dapr[name]
		if !ok {
			errs = append(errs, fmt.Errorf("there is no %s", name))
		} else if !reflect.DeepEqual(rendered, source) {
			errs = append(errs, fmt.Errorf("%s: differs from components/:\n%v\n%v", name, rendered, source))
		}
	}
	for name := range o.Dapr {
		if _, ok := sources[name]; !ok && name != "Configuration api" { // k8s/components/agent brings that
			errs = append(errs, fmt.Errorf("%s: is not in components/", name))
		}
	}
	return errors.Join(errs...)
}

// readSources adds what a local sidecar reads in a folder, as the cluster should have it.
func readSources(folder string, sources map[string]map[string]any) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for document := range strings.SplitSeq(string(text), "\n---\n") {
			name, resource, err := plain([]byte(document))
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			if version, _ := resource["apiVersion"].(string); !strings.HasPrefix(version, "dapr.io/") {
				continue
			}
			spec, _ := resource["spec"].(map[string]any)
			list, _ := spec["metadata"].([]any)
			for _, item := range list {
				setting, _ := item.(map[string]any)
				if value, ok := onCluster[fmt.Sprint(setting["name"])]; ok {
					setting["value"] = value
				}
			}
			sources[name] = resource
		}
	}
	return nil
}

// plain is a resource without what every overlay adds, and its kind and name.
func plain(text []byte) (string, map[string]any, error) {
	var resource map[string]any
	if err := yaml.Unmarshal(text, &resource); err != nil {
		return "", nil, err
	}
	metadata, _ := resource["metadata"].(map[string]any)
	delete(metadata, "namespace")
	delete(metadata, "labels")
	return fmt.Sprint(resource["kind"], " ", metadata["name"]), resource, nil
}

// ticks are the cron bindings, with the app that they wake.
var ticks = map[string]string{"housekeeping": "notifier", "reminder-scan": "notifier"}

// loadComponents lets Dapr's own loader read them for each app. A worker gets the bus,
// where its credentials come from, its ticks, and what its subscriptions read through;
// api, and another app in the namespace, gets nothing.
func loadComponents(o *Objects, folder string) error {
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
	for _, c := range o.Components {
		// Otherwise a sidecar that starts while the broker is away ends.
		if strings.HasPrefix(c.Spec.Type, "pubsub.") && !c.Spec.IgnoreErrors {
			errs = append(errs, fmt.Errorf("component %s: its sidecar ends when the broker is away", c.Name))
		}
	}
	for _, app := range []string{"api", "notifier", "recurrer", "agent"} {
		var wanted []string
		if app == "notifier" || app == "recurrer" {
			wanted = []string{"secrets", "taskbus"}
		}
		for name, woken := range ticks {
			if woken == app {
				wanted = append(wanted, name)
			}
		}
		for _, s := range o.Subscriptions {
			if slices.Contains(s.Scopes, app) {
				wanted = append(wanted, s.Spec.Pubsubname)
			}
		}
		slices.Sort(wanted)
		wanted = slices.Compact(wanted)
		all, err := loader.NewLocalLoader(app, []string{folder}).Load(context.Background())
		if err != nil {
			return err
		}
		var got []string
		for _, c := range all {
			got = append(got, c.Name)
		}
		slices.Sort(got)
		if !slices.Equal(got, wanted) {
			errs = append(errs, fmt.Errorf("components of %s: Dapr loads %v; wanted: %v", app, got, wanted))
		}
	}
	return errors.Join(errs...)
}

// reviewSubscriptions: each leads to the route of its topic, is tried again, and then
// gives up into a dead-letter topic that the same app reads.
func reviewSubscriptions(o *Objects) error {
	var errs []error
	for _, s := range o.Subscriptions {
		fail := func(what string) { errs = append(errs, fmt.Errorf("subscription %s: %s", s.Name, what)) }
		if len(s.Scopes) != 1 {
			fail(fmt.Sprintf("is of the apps %v; wanted: one", s.Scopes))
			continue
		}
		if s.Spec.Routes.Default != "/events/"+s.Spec.Topic {
			fail("leads to " + s.Spec.Routes.Default)
		}
		if !slices.ContainsFunc(o.Resiliencies, func(r resiliency.Resiliency) bool {
			return r.Spec.Targets.Components[s.Spec.Pubsubname].Inbound.Retry != ""
		}) {
			fail("nothing is tried again that comes through " + s.Spec.Pubsubname)
		}
		if strings.HasSuffix(s.Spec.Topic, "-deadletter") {
			continue
		}
		if s.Spec.DeadLetterTopic != s.Spec.Topic+"-deadletter" || !slices.ContainsFunc(o.Subscriptions, func(letters subscriptions.Subscription) bool {
			return letters.Spec.Topic == s.Spec.DeadLetterTopic && slices.Equal(letters.Scopes, s.Scopes)
		}) {
			fail("nobody reads its dead letters")
		}
	}
	return errors.Join(errs...)
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
