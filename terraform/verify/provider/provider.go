package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// provider answers Terraform. What it does not implement is what no offline command calls.
type provider struct {
	tfprotov6.ProviderServer
	read     *document
	response *tfprotov6.GetProviderSchemaResponse
	// project is the provider block's, which resources without one of their own are in.
	project string
}

func newProvider(read *document) *provider {
	return &provider{read: read, response: responseSchema(read)}
}

func failure(summary string) []*tfprotov6.Diagnostic {
	return []*tfprotov6.Diagnostic{{
		Severity: tfprotov6.DiagnosticSeverityError, Summary: summary,
		Detail: "This is a stand-in that knows a provider's schema and reaches no cloud. Where the registry can be reached, Terraform uses the real provider.",
	}}
}

func (p *provider) GetMetadata(context.Context, *tfprotov6.GetMetadataRequest) (*tfprotov6.GetMetadataResponse, error) {
	return &tfprotov6.GetMetadataResponse{ServerCapabilities: p.response.ServerCapabilities}, nil
}

func (p *provider) GetProviderSchema(context.Context, *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	return p.response, nil
}

func (p *provider) GetResourceIdentitySchemas(context.Context, *tfprotov6.GetResourceIdentitySchemasRequest) (*tfprotov6.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov6.GetResourceIdentitySchemasResponse{}, nil
}

func (p *provider) ValidateProviderConfig(_ context.Context, request *tfprotov6.ValidateProviderConfigRequest) (*tfprotov6.ValidateProviderConfigResponse, error) {
	return &tfprotov6.ValidateProviderConfigResponse{PreparedConfig: request.Config}, nil
}

func (p *provider) ConfigureProvider(_ context.Context, request *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	members := map[string]tftypes.Value{}
	if config, err := request.Config.Unmarshal(p.response.Provider.ValueType()); err == nil && config.As(&members) == nil {
		if project, is := members["project"]; is && project.IsKnown() && !project.IsNull() {
			if err := project.As(&p.project); err != nil {
				return nil, err
			}
		}
	}
	return &tfprotov6.ConfigureProviderResponse{}, nil
}

func (p *provider) StopProvider(context.Context, *tfprotov6.StopProviderRequest) (*tfprotov6.StopProviderResponse, error) {
	return &tfprotov6.StopProviderResponse{}, nil
}

func (p *provider) ValidateResourceConfig(_ context.Context, request *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	value, err := request.Config.Unmarshal(p.response.ResourceSchemas[request.TypeName].ValueType())
	if err != nil {
		return nil, err
	}
	c := check{relations: p.read.Relations[request.TypeName]}
	c.block(p.read.Resources[request.TypeName], value, tftypes.NewAttributePath(), "")
	return &tfprotov6.ValidateResourceConfigResponse{Diagnostics: c.diagnostics}, nil
}

func (p *provider) ValidateDataResourceConfig(_ context.Context, request *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	value, err := request.Config.Unmarshal(p.response.DataSourceSchemas[request.TypeName].ValueType())
	if err != nil {
		return nil, err
	}
	c := check{}
	c.block(p.read.Data[request.TypeName], value, tftypes.NewAttributePath(), "")
	return &tfprotov6.ValidateDataResourceConfigResponse{Diagnostics: c.diagnostics}, nil
}

func (p *provider) PlanResourceChange(_ context.Context, request *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	cty := p.response.ResourceSchemas[request.TypeName].ValueType()
	proposed, err := request.ProposedNewState.Unmarshal(cty)
	if err != nil || proposed.IsNull() {
		return &tfprotov6.PlanResourceChangeResponse{PlannedState: request.ProposedNewState}, err
	}
	items := p.read.Resources[request.TypeName]
	state, err := tfprotov6.NewDynamicValue(cty, formed(items, planned(items, proposed, false), p.project))
	// Terraform lets providers of the older kind, as the ones stood in for are, plan defaults for arguments that are not declared as computed.
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: &state, UnsafeToUseLegacyTypeSystem: true}, err
}

func (p *provider) ReadDataSource(_ context.Context, request *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	cty := p.response.DataSourceSchemas[request.TypeName].ValueType()
	asked, err := request.Config.Unmarshal(cty)
	if err != nil {
		return nil, err
	}
	state, err := tfprotov6.NewDynamicValue(cty, answered(p.read.Data[request.TypeName], asked, p.project))
	return &tfprotov6.ReadDataSourceResponse{State: &state}, err
}

func (p *provider) ReadResource(_ context.Context, request *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{NewState: request.CurrentState}, nil
}

func (p *provider) UpgradeResourceState(_ context.Context, request *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	cty := p.response.ResourceSchemas[request.TypeName].ValueType()
	value, err := request.RawState.Unmarshal(cty)
	if err != nil {
		return nil, err
	}
	state, err := tfprotov6.NewDynamicValue(cty, value)
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &state}, err
}

func (p *provider) ImportResourceState(context.Context, *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	return &tfprotov6.ImportResourceStateResponse{Diagnostics: failure("Nothing can be imported")}, nil
}

func (p *provider) ApplyResourceChange(_ context.Context, request *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return &tfprotov6.ApplyResourceChangeResponse{NewState: request.PriorState, Diagnostics: failure("Nothing can be applied")}, nil
}
