package main

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// check finds what Terraform itself cannot know from types: values outside of what is possible, and arguments that do not go together.
type check struct {
	relations   []relation
	diagnostics []*tfprotov6.Diagnostic
}

func (c *check) refuse(path *tftypes.AttributePath, summary, detail string) {
	c.diagnostics = append(c.diagnostics, &tfprotov6.Diagnostic{
		Severity: tfprotov6.DiagnosticSeverityError, Summary: summary, Detail: detail, Attribute: path,
	})
}

// block checks one block; name is its dotted path without indexes, as relations give it.
func (c *check) block(items map[string]*item, value tftypes.Value, path *tftypes.AttributePath, name string) {
	members := map[string]tftypes.Value{}
	if !value.IsKnown() || value.IsNull() || value.As(&members) != nil {
		return
	}
	for member, it := range items {
		given := members[member]
		if !given.IsKnown() || given.IsNull() {
			continue
		}
		at := path.WithAttributeName(member)
		if it.Block == nil {
			c.attribute(member, it, given, at)
			continue
		}
		inner := strings.TrimPrefix(name+"."+member, ".")
		if it.Nesting == "single" {
			c.block(it.Block, given, at, inner)
			continue
		}
		var elements []tftypes.Value
		if given.As(&elements) != nil {
			continue
		}
		for index, element := range elements {
			step := at
			if it.Nesting != "set" {
				step = at.WithElementKeyInt(index)
			}
			c.block(it.Block, element, step, inner)
		}
	}
	for _, rule := range c.relations {
		if rule.In == name {
			c.relation(rule, members, path)
		}
	}
}

func (c *check) attribute(name string, it *item, value tftypes.Value, path *tftypes.AttributePath) {
	if it.Computed == 1 {
		c.refuse(path, "Value for unconfigurable attribute", fmt.Sprintf("%q is decided by the provider.", name))
		return
	}
	for _, text := range texts(value) {
		if len(it.Enum) > 0 && !slices.Contains(it.Enum, text) {
			c.refuse(path, "Value not among those the provider's documentation lists", fmt.Sprintf("%s = %q; possible values: %s", name, text, strings.Join(it.Enum, ", ")))
		}
		if it.compiled != nil && !it.compiled.MatchString(text) {
			c.refuse(path, "Value that the provider refuses", fmt.Sprintf("%s = %q; %s", name, text, it.Pattern.Says))
		}
	}
	number := new(big.Float)
	if len(it.Range) == 2 && value.As(&number) == nil {
		if given, _ := number.Float64(); given < it.Range[0] || given > it.Range[1] {
			c.refuse(path, "Value that the provider refuses", fmt.Sprintf("%s = %v; it must be from %v to %v", name, given, it.Range[0], it.Range[1]))
		}
	}
}

// texts are the strings that a rule is about: the value itself, the elements of a list or set, or "key=value" of a map.
func texts(value tftypes.Value) []string {
	var text string
	if value.As(&text) == nil {
		return []string{text}
	}
	found := []string{}
	var elements []tftypes.Value
	if value.As(&elements) == nil {
		for _, element := range elements {
			if element.IsKnown() && !element.IsNull() && element.As(&text) == nil {
				found = append(found, text)
			}
		}
		return found
	}
	var entries map[string]tftypes.Value
	if value.As(&entries) == nil {
		for key, entry := range entries {
			if entry.IsKnown() && !entry.IsNull() && entry.As(&text) == nil {
				found = append(found, key+"="+text)
			}
		}
		slices.Sort(found)
	}
	return found
}

func (c *check) relation(rule relation, members map[string]tftypes.Value, path *tftypes.AttributePath) {
	var given, unknown []string
	for _, name := range rule.Of {
		switch value, known := members[name]; {
		case !known:
			c.refuse(path, "A rule of the stand-in provider is wrong", fmt.Sprintf("it names %q, which is no argument here", name))
		case !value.IsFullyKnown():
			unknown = append(unknown, name)
		case isGiven(value):
			given = append(given, name)
		}
	}
	among := strings.Join(rule.Of, ", ")
	if len(given) > 1 && (rule.Kind == "exactly-one" || rule.Kind == "at-most-one") {
		c.refuse(path, "Arguments that exclude each other", fmt.Sprintf("only one of %s can be given, not %s", among, strings.Join(given, " and ")))
	}
	// An argument that is not known yet may turn out to be given.
	if len(given) == 0 && len(unknown) == 0 && (rule.Kind == "exactly-one" || rule.Kind == "at-least-one") {
		c.refuse(path, "Missing argument", fmt.Sprintf("one of %s must be given", among))
	}
	if rule.Kind == "all-or-none" && len(given) > 0 && len(given)+len(unknown) < len(rule.Of) {
		c.refuse(path, "Missing argument", fmt.Sprintf("%s go together; only %s given", among, strings.Join(given, " and ")))
	}
}

// isGiven tells an argument that is there from one that is not; a block that does not occur is an empty list.
func isGiven(value tftypes.Value) bool {
	if value.IsNull() {
		return false
	}
	var elements []tftypes.Value
	return value.As(&elements) != nil || len(elements) > 0
}
