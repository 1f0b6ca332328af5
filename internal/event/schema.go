package event

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/google/jsonschema-go/jsonschema"
)

//go:embed schemas/1.0/*.json
var files embed.FS

// AsyncAPI describes the channels and messages (AsyncAPI 3). It refers to the schema
// files by relative path, so it must be served beside them.
//
//go:embed asyncapi.yaml
var AsyncAPI []byte

// Schemas holds the JSON Schema (2020-12) of each event type's data, as
// 1.0/TYPE.json. They are the source of truth of the contract.
func Schemas() fs.FS {
	sub, err := fs.Sub(files, "schemas")
	if err != nil {
		panic(err) // the directory is embedded at build time
	}
	return sub
}

// SchemaURI identifies the versioned schema of an event type's data.
func SchemaURI(eventType string) string {
	return "urn:tickler:event:" + eventType + ":" + SchemaVersion
}

// SchemaFile is the name of an event type's schema within Schemas.
func SchemaFile(eventType string) string { return SchemaVersion + "/" + eventType + ".json" }

var resolved = sync.OnceValues(func() (map[string]*jsonschema.Resolved, error) {
	all := map[string]*jsonschema.Resolved{}
	for _, t := range Types() {
		text, err := fs.ReadFile(Schemas(), SchemaFile(t))
		if err != nil {
			return nil, err
		}
		var schema jsonschema.Schema
		if err := json.Unmarshal(text, &schema); err != nil {
			return nil, fmt.Errorf("%s: %w", SchemaFile(t), err)
		}
		if all[t], err = schema.Resolve(nil); err != nil {
			return nil, fmt.Errorf("%s: %w", SchemaFile(t), err)
		}
	}
	return all, nil
})

// Validate checks an event's data against the schema of its type.
func Validate(eventType string, data []byte) error {
	schemas, err := resolved()
	if err != nil {
		return err
	}
	schema, ok := schemas[eventType]
	if !ok {
		return fmt.Errorf("unknown event type %q", eventType)
	}
	var value any
	if err := json.Unmarshal(data, &value); err != nil {
		return fmt.Errorf("data is not JSON: %w", err)
	}
	return schema.Validate(value)
}

// checkData refuses data that does not meet its schema, so that a handler never
// acts on half an event.
func checkData(e Envelope) error {
	if len(e.Data) == 0 {
		return errors.New("the event has no data")
	}
	if err := Validate(e.Type, e.Data); err != nil {
		return fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
	}
	return nil
}
