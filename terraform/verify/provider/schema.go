package main

import (
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

func responseSchema(read *document) *tfprotov6.GetProviderSchemaResponse {
	response := &tfprotov6.GetProviderSchemaResponse{
		// Arguments of a provider are never computed, whatever the documentation's generator says of them.
		Provider:           &tfprotov6.Schema{Block: schemaBlock(read.Config, true)},
		ResourceSchemas:    map[string]*tfprotov6.Schema{},
		DataSourceSchemas:  map[string]*tfprotov6.Schema{},
		ServerCapabilities: &tfprotov6.ServerCapabilities{PlanDestroy: true},
	}
	for name, block := range read.Resources {
		response.ResourceSchemas[name] = &tfprotov6.Schema{Block: schemaBlock(block, false)}
	}
	for name, block := range read.Data {
		response.DataSourceSchemas[name] = &tfprotov6.Schema{Block: schemaBlock(block, false)}
	}
	return response
}

func schemaBlock(items map[string]*item, ofProvider bool) *tfprotov6.SchemaBlock {
	block := &tfprotov6.SchemaBlock{}
	for _, name := range slices.Sorted(maps.Keys(items)) {
		it := items[name]
		if it.Block == nil {
			attribute := &tfprotov6.SchemaAttribute{Name: name, Type: it.cty}
			switch {
			case it.Required == 1:
				attribute.Required = true
			case it.Computed == 1 && !ofProvider:
				attribute.Computed = true
			default:
				attribute.Optional = true
				attribute.Computed = it.Either == 1 && !ofProvider
			}
			block.Attributes = append(block.Attributes, attribute)
			continue
		}
		nested := &tfprotov6.SchemaNestedBlock{TypeName: name, Block: schemaBlock(it.Block, ofProvider), MinItems: int64(it.Required), MaxItems: it.Max}
		switch it.Nesting {
		case "single":
			nested.Nesting, nested.MinItems, nested.MaxItems = tfprotov6.SchemaNestedBlockNestingModeSingle, 0, 0
		case "set":
			nested.Nesting = tfprotov6.SchemaNestedBlockNestingModeSet
		default:
			nested.Nesting = tfprotov6.SchemaNestedBlockNestingModeList
		}
		block.BlockTypes = append(block.BlockTypes, nested)
	}
	return block
}
