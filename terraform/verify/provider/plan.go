package main

import (
	"math/big"
	"regexp"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// planned completes a proposed block as the provider would: defaults where nothing is given, and "known after apply" where the provider decides.
//
// inSet says that an element of a set is meant, whose identity is its content: there nothing is made unknown, or no two plans would agree.
func planned(items map[string]*item, value tftypes.Value, inSet bool) tftypes.Value {
	members := map[string]tftypes.Value{}
	if !value.IsKnown() || value.IsNull() || value.As(&members) != nil {
		return value
	}
	for name, it := range items {
		given := members[name]
		if it.Block != nil {
			members[name] = plannedBlocks(it, given, inSet)
			continue
		}
		if !given.IsNull() {
			continue
		}
		switch {
		case it.Default != nil:
			members[name] = defaultValue(it)
		case (it.Computed == 1 || it.Either == 1) && !inSet:
			members[name] = tftypes.NewValue(it.cty, tftypes.UnknownValue)
		}
	}
	return tftypes.NewValue(value.Type(), members)
}

func plannedBlocks(it *item, value tftypes.Value, inSet bool) tftypes.Value {
	if it.Nesting == "single" {
		return planned(it.Block, value, inSet)
	}
	var elements []tftypes.Value
	if !value.IsKnown() || value.IsNull() || value.As(&elements) != nil {
		return value
	}
	for index := range elements {
		elements[index] = planned(it.Block, elements[index], inSet || it.Nesting == "set")
	}
	return tftypes.NewValue(value.Type(), elements)
}

func defaultValue(it *item) tftypes.Value {
	if number, is := it.Default.(float64); is {
		return tftypes.NewValue(it.cty, big.NewFloat(number))
	}
	return tftypes.NewValue(it.cty, it.Default)
}

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

// formed gives computed attributes whose form is known their value, as soon as all that it is made of is known.
func formed(items map[string]*item, value tftypes.Value, project string) tftypes.Value {
	members := map[string]tftypes.Value{}
	if value.As(&members) != nil {
		return value
	}
	if own, is := members["project"]; is && (!own.IsKnown() || own.IsNull()) && project != "" {
		members["project"] = tftypes.NewValue(tftypes.String, project)
	}
	for name, it := range items {
		if it.Form == "" || members[name].IsKnown() {
			continue
		}
		complete := true
		text := placeholder.ReplaceAllStringFunc(it.Form, func(found string) string {
			part, known := members[placeholder.FindStringSubmatch(found)[1]]
			var content string
			if !known || !part.IsKnown() || part.IsNull() || part.As(&content) != nil {
				complete = false
			}
			return content
		})
		if complete {
			members[name] = tftypes.NewValue(tftypes.String, text)
		}
	}
	return tftypes.NewValue(value.Type(), members)
}

// answered completes what a data source is asked with values of the right type: nothing can be looked up.
func answered(items map[string]*item, value tftypes.Value, project string) tftypes.Value {
	members := map[string]tftypes.Value{}
	if value.As(&members) != nil {
		return value
	}
	for name, it := range items {
		if it.Block == nil && members[name].IsNull() && (it.Computed == 1 || it.Either == 1) {
			members[name] = tftypes.NewValue(it.cty, tftypes.UnknownValue)
		}
	}
	value = formed(items, tftypes.NewValue(value.Type(), members), project)
	members = map[string]tftypes.Value{}
	if value.As(&members) != nil {
		return value
	}
	for name, it := range items {
		if it.Block == nil && !members[name].IsKnown() {
			members[name] = anyValue(name, it.cty)
		}
	}
	return tftypes.NewValue(value.Type(), members)
}

func anyValue(name string, cty tftypes.Type) tftypes.Value {
	switch {
	case cty.Is(tftypes.String):
		return tftypes.NewValue(cty, "stand-in-"+name)
	case cty.Is(tftypes.Number):
		return tftypes.NewValue(cty, 0)
	case cty.Is(tftypes.Bool):
		return tftypes.NewValue(cty, false)
	case cty.Is(tftypes.List{}), cty.Is(tftypes.Set{}):
		return tftypes.NewValue(cty, []tftypes.Value{})
	case cty.Is(tftypes.Map{}):
		return tftypes.NewValue(cty, map[string]tftypes.Value{})
	}
	return tftypes.NewValue(cty, nil)
}
