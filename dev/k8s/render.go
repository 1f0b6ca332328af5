// Package manifests reviews what k8s/ renders to: each object by the types of
// Kubernetes and Dapr, each pod as Dapr's injector leaves it, and the whole by what
// dapr.yaml says of the local run. It needs no cluster.
package manifests

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	keda "github.com/kedacore/keda/v2/apis/keda/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	gateway "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"

	components "github.com/dapr/dapr/pkg/apis/components/v1alpha1"
	configuration "github.com/dapr/dapr/pkg/apis/configuration/v1alpha1"
	resiliency "github.com/dapr/dapr/pkg/apis/resiliency/v1alpha1"
	subscriptions "github.com/dapr/dapr/pkg/apis/subscriptions/v2alpha1"
)

// Root is the repository, seen from the folder of this package.
const Root = "../.."

// Load reads k8s/ and components/ into memory, where a test may change them.
func Load() (filesys.FileSystem, error) {
	memory := filesys.MakeFsInMemory()
	for _, folder := range []string{"k8s", "components"} {
		err := filepath.WalkDir(filepath.Join(Root, folder), func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			relative, err := filepath.Rel(Root, file)
			if err != nil {
				return err
			}
			return memory.WriteFile(path.Join("/", filepath.ToSlash(relative)), text)
		})
		if err != nil {
			return nil, err
		}
	}
	return memory, nil
}

// Objects is everything that one overlay renders to.
type Objects struct {
	Namespaces      []corev1.Namespace
	ServiceAccounts []corev1.ServiceAccount
	Services        []corev1.Service
	Deployments     []appsv1.Deployment
	StatefulSets    []appsv1.StatefulSet
	ConfigMaps      []corev1.ConfigMap
	Jobs            []batchv1.Job
	Budgets         []policyv1.PodDisruptionBudget
	Scalers         []autoscalingv2.HorizontalPodAutoscaler
	Policies        []networkingv1.NetworkPolicy
	Ingresses       []networkingv1.Ingress
	Gateways        []gateway.Gateway
	Routes          []gateway.HTTPRoute
	LagScalers      []keda.ScaledObject
	LagAccess       []keda.TriggerAuthentication

	Components     []components.Component
	Configurations []configuration.Configuration
	Subscriptions  []subscriptions.Subscription
	Resiliencies   []resiliency.Resiliency

	Dapr map[string]map[string]any // Dapr's four as they were rendered, by kind and name
}

// Render builds an overlay with optional components, as kubectl apply -k would, and
// decodes each object strictly. A kind that it does not know is an error.
func Render(files filesys.FileSystem, overlay string, optional ...string) (*Objects, error) {
	folder, err := With(files, overlay, optional...)
	if err != nil {
		return nil, err
	}
	return RenderFolder(files, folder)
}

// With returns the folder of an overlay with optional components.
func With(files filesys.FileSystem, overlay string, optional ...string) (string, error) {
	if len(optional) == 0 {
		return "/k8s/overlays/" + overlay, nil
	}
	text := "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../overlays/" + overlay + "]\ncomponents:\n"
	for _, name := range optional {
		text += "  - ../components/" + name + "\n"
	}
	return "/k8s/with", files.WriteFile("/k8s/with/kustomization.yaml", []byte(text))
}

// RenderFolder is Render for any folder with a kustomization.
func RenderFolder(files filesys.FileSystem, folder string) (*Objects, error) {
	all, err := Documents(files, folder)
	if err != nil {
		return nil, err
	}
	return Read(all)
}

// A Document is one rendered object.
type Document struct {
	Kind string // as Kind.version.group
	Text []byte
}

// Documents builds the kustomization in a folder, as kubectl kustomize would.
func Documents(files filesys.FileSystem, folder string) ([]Document, error) {
	rendered, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(files, folder)
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", folder, err)
	}
	var all []Document
	for _, r := range rendered.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			return nil, err
		}
		all = append(all, Document{Kind: r.GetGvk().String(), Text: text})
	}
	return all, nil
}

// Read decodes each document strictly, and holds it against its definition.
func Read(all []Document) (*Objects, error) {
	o := Objects{Dapr: map[string]map[string]any{}}
	var errs []error
	for _, d := range all {
		if strings.HasSuffix(d.Kind, ".dapr.io") {
			name, resource, err := plain(d.Text)
			errs, o.Dapr[name] = append(errs, err), resource
		}
		var head struct {
			APIVersion, Kind string
			Metadata         struct{ Name, Namespace string }
		}
		err := errors.Join(yaml.Unmarshal(d.Text, &head), o.add(d.Kind, d.Text), accepted(d.Kind, d.Text))
		if head.APIVersion == "" || head.Kind == "" || head.Metadata.Name == "" {
			err = errors.Join(err, errors.New("has no kind or no name"))
		}
		if head.Kind != "Namespace" && head.Metadata.Namespace != "tickler" {
			err = errors.Join(err, fmt.Errorf("is in namespace %q", head.Metadata.Namespace))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", head.Kind, head.Metadata.Name, err))
		}
	}
	return &o, errors.Join(errs...)
}

func (o *Objects) add(kind string, text []byte) error {
	switch kind {
	case "Namespace.v1.[noGrp]":
		return decode(text, &o.Namespaces)
	case "ServiceAccount.v1.[noGrp]":
		return decode(text, &o.ServiceAccounts)
	case "Service.v1.[noGrp]":
		return decode(text, &o.Services)
	case "Deployment.v1.apps":
		return decode(text, &o.Deployments)
	case "StatefulSet.v1.apps":
		return decode(text, &o.StatefulSets)
	case "ConfigMap.v1.[noGrp]":
		return decode(text, &o.ConfigMaps)
	case "Gateway.v1.gateway.networking.k8s.io":
		return decode(text, &o.Gateways)
	case "HTTPRoute.v1.gateway.networking.k8s.io":
		return decode(text, &o.Routes)
	case "ScaledObject.v1alpha1.keda.sh":
		return decode(text, &o.LagScalers)
	case "TriggerAuthentication.v1alpha1.keda.sh":
		return decode(text, &o.LagAccess)
	case "Job.v1.batch":
		return decode(text, &o.Jobs)
	case "PodDisruptionBudget.v1.policy":
		return decode(text, &o.Budgets)
	case "HorizontalPodAutoscaler.v2.autoscaling":
		return decode(text, &o.Scalers)
	case "NetworkPolicy.v1.networking.k8s.io":
		return decode(text, &o.Policies)
	case "Ingress.v1.networking.k8s.io":
		return decode(text, &o.Ingresses)
	case "Component.v1alpha1.dapr.io":
		return decode(text, &o.Components)
	case "Configuration.v1alpha1.dapr.io":
		return decode(text, &o.Configurations)
	case "Subscription.v2alpha1.dapr.io":
		return decode(text, &o.Subscriptions)
	case "Resiliency.v1alpha1.dapr.io":
		return decode(text, &o.Resiliencies)
	default:
		return fmt.Errorf("the kind %s is not reviewed", kind)
	}
}

func decode[T any](text []byte, into *[]T) error {
	var object T
	if err := yaml.UnmarshalStrict(text, &object); err != nil {
		return err
	}
	*into = append(*into, object)
	return nil
}

// find returns the object of a name.
func find[T any](all []T, name string, nameOf func(*T) string) (*T, error) {
	i := slices.IndexFunc(all, func(o T) bool { return nameOf(&o) == name })
	if i < 0 {
		return nil, fmt.Errorf("there is no %T %s", *new(T), name)
	}
	return &all[i], nil
}
