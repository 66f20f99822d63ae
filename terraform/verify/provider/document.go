package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// item is an attribute, or a nested block when Block is set. The short names are those of terraform/verify/src/schema/model.ts.
type item struct {
	Type     json.RawMessage  `json:"t"`
	Block    map[string]*item `json:"b"`
	Nesting  string           `json:"n"`
	Max      int64            `json:"max"`
	Required int              `json:"req"`
	Computed int              `json:"c"`
	Either   int              `json:"oc"`
	Enum     []string         `json:"enum"`
	Default  any              `json:"def"`
	Pattern  *pattern         `json:"pattern"`
	Range    []float64        `json:"range"`
	Form     string           `json:"form"`
	cty      tftypes.Type
	compiled *regexp.Regexp
}

type pattern struct {
	Match string `json:"match"`
	Says  string `json:"says"`
}

// relation is a rule between arguments of one block.
type relation struct {
	In   string   `json:"in"`
	Kind string   `json:"kind"`
	Of   []string `json:"of"`
}

// document is all that is known of one provider.
type document struct {
	Provider  string                      `json:"provider"`
	Config    map[string]*item            `json:"config"`
	Resources map[string]map[string]*item `json:"resources"`
	Data      map[string]map[string]*item `json:"data"`
	Relations map[string][]relation       `json:"relations"`
}

func readDocument(path string) (*document, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the schema to stand in for: %w", err)
	}
	read := &document{}
	if err := json.Unmarshal(text, read); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := prepare(read.Config); err != nil {
		return nil, err
	}
	for _, blocks := range []map[string]map[string]*item{read.Resources, read.Data} {
		for name, block := range blocks {
			if err := prepare(block); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return read, nil
}

// prepare parses types and patterns once, so that a mistake in the document ends the start and not a later call.
func prepare(block map[string]*item) error {
	for name, it := range block {
		if it.Block != nil {
			if err := prepare(it.Block); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			continue
		}
		parsed, err := parseType(it.Type)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		it.cty = parsed
		if it.Pattern != nil {
			if it.compiled, err = regexp.Compile(it.Pattern.Match); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

func parseType(raw json.RawMessage) (tftypes.Type, error) {
	var name string
	if json.Unmarshal(raw, &name) == nil {
		switch name {
		case "string":
			return tftypes.String, nil
		case "number":
			return tftypes.Number, nil
		case "bool":
			return tftypes.Bool, nil
		case "dynamic":
			return tftypes.DynamicPseudoType, nil
		}
		return nil, fmt.Errorf("there is no type %q", name)
	}
	var pair []json.RawMessage
	if err := json.Unmarshal(raw, &pair); err != nil || len(pair) != 2 {
		return nil, fmt.Errorf("%s is not a type", raw)
	}
	if err := json.Unmarshal(pair[0], &name); err != nil {
		return nil, err
	}
	if name == "object" {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(pair[1], &members); err != nil {
			return nil, err
		}
		object := tftypes.Object{AttributeTypes: map[string]tftypes.Type{}}
		for member, rawMember := range members {
			parsed, err := parseType(rawMember)
			if err != nil {
				return nil, err
			}
			object.AttributeTypes[member] = parsed
		}
		return object, nil
	}
	element, err := parseType(pair[1])
	if err != nil {
		return nil, err
	}
	switch name {
	case "list":
		return tftypes.List{ElementType: element}, nil
	case "set":
		return tftypes.Set{ElementType: element}, nil
	case "map":
		return tftypes.Map{ElementType: element}, nil
	}
	return nil, fmt.Errorf("there is no type %q", name)
}
