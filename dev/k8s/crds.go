package manifests

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	extensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"sigs.k8s.io/yaml"
)

// Chart is the folder of Dapr's Helm chart, which is in its module.
func Chart() (string, error) {
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/dapr/dapr").Output()
	if err != nil {
		return "", fmt.Errorf("where Dapr's module is: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(folder)), "charts", "dapr"), nil
}

// definitions are the schemas by which the API server takes Dapr's objects, of Dapr's
// own chart. They ask for more than the types do.
var definitions = sync.OnceValues(func() (map[string]validation.SchemaValidator, error) {
	chart, err := Chart()
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(chart, "crds", "*.yaml"))
	if err != nil || len(files) == 0 {
		return nil, errors.Join(errors.New("Dapr's module has no definitions"), err)
	}
	all := map[string]validation.SchemaValidator{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for document := range strings.SplitSeq(string(text), "\n---") {
			if err := addDefinition(all, []byte(document)); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return all, nil
})

func addDefinition(all map[string]validation.SchemaValidator, document []byte) error {
	var definition extensions.CustomResourceDefinition
	if err := yaml.Unmarshal(document, &definition); err != nil || definition.Kind != "CustomResourceDefinition" {
		return err
	}
	for _, version := range definition.Spec.Versions {
		if version.Schema == nil || version.Schema.OpenAPIV3Schema == nil {
			continue
		}
		var schema apiextensions.JSONSchemaProps
		if err := extensions.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(version.Schema.OpenAPIV3Schema, &schema, nil); err != nil {
			return err
		}
		validator, _, err := validation.NewSchemaValidator(&schema)
		if err != nil {
			return err
		}
		all[definition.Spec.Names.Kind+"."+version.Name+"."+definition.Spec.Group] = validator
	}
	return nil
}

// accepted holds an object of Dapr against its definition, as the API server does.
func accepted(kind string, text []byte) error {
	all, err := definitions()
	if err != nil {
		return err
	}
	validator, ok := all[kind]
	if !ok {
		return nil // not Dapr's
	}
	inJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		return err
	}
	var object map[string]any
	if err := json.Unmarshal(inJSON, &object); err != nil {
		return err
	}
	return validation.ValidateCustomResource(nil, object, validator).ToAggregate()
}
