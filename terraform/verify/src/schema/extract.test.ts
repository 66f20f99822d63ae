import { expect, test } from '@jest/globals';
import type { PackageContent } from './archive.ts';
import { extractSchema } from './extract.ts';
import { readAssembly } from './jsii.ts';
import type { ProviderPackage } from './packages.ts';

const WANTED: ProviderPackage = {
  provider: 'google',
  providerVersion: '6.50.0',
  package: '@cdktf/provider-google',
  packageVersion: '1.0.0',
  integrity: 'sha512-none',
};

/** What the generator makes of one resource with one block, cut to what is read. */
const CODE = `
function thingConfigPolicyToHclTerraform(struct) {
    const attrs = {
        max_attempts: {
            value: cdktf.numberToHclTerraform(struct.maxAttempts),
            isBlock: false,
            type: "simple",
            storageClassType: "number",
        },
    };
}
class ThingConfigPolicyOutputReference extends cdktf.ComplexObject {
    // max_attempts - computed: true, optional: true, required: false
}
class ThingConfig extends cdktf.TerraformResource {
    // etag - computed: true, optional: false, required: false
    // http2_mode - computed: false, optional: true, required: false
    // name - computed: false, optional: false, required: true
    synthesizeHclAttributes() {
        const attrs = {
            zones: {
                value: cdktf.listMapperHcl(cdktf.stringToHclTerraform, false)(this._zones),
                isBlock: false,
                type: "set",
                storageClassType: "stringList",
            },
            policy: {
                value: thingConfigPolicyToHclTerraform(this._policy.internalValue),
                isBlock: true,
                type: "list",
                storageClassType: "ThingConfigPolicyList",
            },
        };
    }
}
ThingConfig.tfResourceType = "google_thing_config";
const x = { terraformResourceType: 'google_thing_config' };
`;

const property = (name: string, type: unknown, summary: string, optional = true) => ({
  name,
  type,
  optional,
  docs: { summary, remarks: '' },
});
const TEXT = { primitive: 'string' };
const P = '@cdktf/provider-google';
const ASSEMBLY = {
  name: P,
  types: {
    [`${P}.thingConfig.ThingConfigConfig`]: {
      name: 'ThingConfigConfig',
      fqn: `${P}.thingConfig.ThingConfigConfig`,
      kind: 'interface',
      interfaces: ['cdktf.TerraformMetaArguments'],
      properties: [
        property('name', TEXT, 'The name.', false),
        property('http2Mode', TEXT, 'How. Default value: "AUTO" Possible values: ["AUTO", "NEVER"]'),
        property('zones', { collection: { kind: 'array', elementtype: TEXT } }, 'Where.'),
        property('policy', { fqn: `${P}.thingConfig.ThingConfigPolicy` }, 'policy block.'),
      ],
    },
    [`${P}.thingConfig.ThingConfigPolicy`]: {
      name: 'ThingConfigPolicy',
      fqn: `${P}.thingConfig.ThingConfigPolicy`,
      kind: 'interface',
      properties: [property('maxAttempts', { primitive: 'number' }, 'Default value: 5.')],
    },
    [`${P}.thingConfig.ThingConfig`]: {
      name: 'ThingConfig',
      fqn: `${P}.thingConfig.ThingConfig`,
      kind: 'class',
      properties: [property('etag', TEXT, ''), property('name', TEXT, ''), property('nameInput', TEXT, '')],
    },
  },
};
const content = (providerVersion = '6.50.0'): PackageContent => ({
  providerVersion,
  assembly: readAssembly(JSON.stringify(ASSEMBLY)),
  code: new Map([
    ['thing-config', CODE],
    ['no-type-of-terraform', 'exports.x = 1;'],
  ]),
});

test('arguments, blocks, sets, defaults, possible values and what the provider decides are restored', () => {
  expect(extractSchema(content(), WANTED).resources).toEqual({
    google_thing_config: {
      name: { t: 'string', req: 1 },
      http2_mode: { t: 'string', def: 'AUTO', enum: ['AUTO', 'NEVER'] },
      zones: { t: ['set', 'string'] },
      policy: { b: { max_attempts: { t: 'number', def: 5, oc: 1 } }, n: 'list', max: 1 },
      etag: { t: 'string', c: 1 },
      id: { t: 'string', oc: 1 },
    },
  });
});

test('a package of another provider version than was pinned is refused', () => {
  expect(() => extractSchema(content('6.49.0'), WANTED)).toThrow(/generated from provider 6\.49\.0, not 6\.50\.0/);
});

test('a package without resources is refused', () => {
  expect(() => extractSchema({ ...content(), code: new Map() }, WANTED)).toThrow(/describes no resource/);
});
