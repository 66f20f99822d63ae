import { UserError } from '@tributary/platform/errors';
import type { PackageContent } from './archive.ts';
import { type CodeArgument, type GeneratedCode, readGeneratedCode } from './generated-code.ts';
import { documentation, type JsiiAssembly, type JsiiProperty, type JsiiType, type JsiiTypeReference } from './jsii.ts';
import type { CtyType, Item, ProviderSchema } from './model.ts';
import type { ProviderPackage } from './packages.ts';

type Block = Record<string, Item>;

/** A property is either a plain value or an object of its own type, one or many of them. */
type Shape = { readonly plain: CtyType } | { readonly fqn: string; readonly many: boolean };

const PRIMITIVES: Readonly<Record<string, CtyType>> = { string: 'string', number: 'number', boolean: 'bool' };
/** Types of the generator's own library that stand for plain ones. */
const LIBRARY_TYPES: Readonly<Record<string, CtyType>> = {
  'cdktf.StringMap': ['map', 'string'],
  'cdktf.NumberMap': ['map', 'number'],
  'cdktf.BooleanMap': ['map', 'bool'],
  'cdktf.IResolvable': 'bool',
};
/** Properties that every generated class has and no provider declares. */
const LIBRARY_PROPERTIES = new Set([
  'internalValue',
  'fqn',
  'complexObject',
  'terraformAttribute',
  'terraformResource',
  'tfResourceType',
]);

/**
 * Restores a provider's schema from the package that was generated from it.
 *
 * The types tell what is required, how blocks nest and what the documentation says; the code tells what is a block, what is a set, and what the provider computes.
 *
 * @throws {UserError} SCHEMA_UNEXPECTED when the package is of another provider version than was pinned, or holds nothing
 */
export function extractSchema(content: PackageContent, wanted: ProviderPackage): ProviderSchema {
  if (content.providerVersion !== wanted.providerVersion)
    throw new UserError(
      'SCHEMA_UNEXPECTED',
      `${wanted.package}@${wanted.packageVersion} was generated from provider ${content.providerVersion}, not ${wanted.providerVersion}; mend packages.ts.`,
    );
  const schema: ProviderSchema = {
    provider: wanted.provider,
    version: wanted.providerVersion,
    config: {},
    resources: {},
    data: {},
    relations: {},
  };
  for (const [folder, source] of content.code) {
    const code = readGeneratedCode(source);
    const types = content.assembly.byFolder.get(folder.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()));
    if (code === undefined || types === undefined) continue;
    const config = [...types.values()].find(
      (type) =>
        type.kind === 'interface' &&
        (type.interfaces?.some((name) => name.includes('TerraformMetaArguments')) ||
          (code.kind === 'provider' && type.name.endsWith('ProviderConfig'))),
    );
    if (config === undefined) continue;
    const block = new Reader(code, types, content.assembly).top(config);
    if (code.kind === 'provider') schema.config = block;
    else if (code.kind === 'data') schema.data[code.terraformType] = block;
    else schema.resources[code.terraformType] = block;
  }
  if (Object.keys(schema.resources).length === 0)
    throw new UserError('SCHEMA_UNEXPECTED', `${wanted.package}@${wanted.packageVersion} describes no resource.`);
  return schema;
}

/** Reads the types of one folder. */
class Reader {
  readonly #code: GeneratedCode;
  readonly #types: ReadonlyMap<string, JsiiType>;
  readonly #assembly: JsiiAssembly;

  constructor(code: GeneratedCode, types: ReadonlyMap<string, JsiiType>, assembly: JsiiAssembly) {
    this.#code = code;
    this.#types = types;
    this.#assembly = assembly;
  }

  top(config: JsiiType): Block {
    const block = this.#block(config, this.#code.top, config.name.replace(/Config$/, ''));
    // Every resource has an id that the provider decides, and the generator says no more of it than that it is there.
    if (this.#code.kind !== 'provider' && block.id?.req === undefined) block.id = { t: 'string', oc: 1 };
    return block;
  }

  #block(type: JsiiType, inCode: ReadonlyMap<string, CodeArgument>, className: string): Block {
    const block: Block = {};
    const flags = this.#code.flags.get(className);
    for (const property of type.properties ?? []) {
      if (this.#code.kind === 'provider' && property.name === 'alias') continue;
      const name = this.#nameOf(property);
      const item = this.#item(property, name, inCode.get(name));
      const flag = flags?.get(name);
      if (item.t !== undefined && flag?.computed && flag.optional) item.oc = 1;
      block[name] = item;
    }
    if (this.#code.kind !== 'provider') this.#addComputed(block, className);
    return block;
  }

  #item(property: JsiiProperty, name: string, inCode: CodeArgument | undefined): Item {
    const item: Item = {};
    if (!property.optional) item.req = 1;
    const shape = shapeOf(property.type);
    if ('plain' in shape) {
      const asSet = inCode?.type === 'set' && Array.isArray(shape.plain);
      item.t = asSet ? ['set', shape.plain[1] as CtyType] : shape.plain;
      addDocumented(item, documentation(property));
      return item;
    }
    const type = this.#assembly.byName.get(shape.fqn);
    if (type === undefined) return { ...item, t: 'dynamic' };
    const content = this.#block(
      type,
      this.#code.structs.get(type.name.toLowerCase()) ?? new Map(),
      `${type.name}OutputReference`,
    );
    const repeats = inCode?.type === 'set' ? 'set' : 'list';
    // The generator's documentation says "name block." of nested blocks only; of an attribute that holds objects it gives the provider's description.
    if (property.docs?.summary === `${name} block.`) {
      item.b = content;
      item.n = name === 'timeouts' ? 'single' : repeats;
      if (!shape.many && name !== 'timeouts') item.max = 1;
      return item;
    }
    const object: CtyType = ['object', mapValues(content, (inner) => inner.t ?? 'dynamic')];
    // Newer providers nest a single object as an attribute, without a list around it.
    item.t = inCode?.type === 'struct' ? object : [repeats, object];
    return item;
  }

  /** Adds what only the provider decides: the class has an accessor for it, the configuration has no property. */
  #addComputed(block: Block, className: string): void {
    for (const property of this.#types.get(className)?.properties ?? []) {
      const name = this.#code.names.get(property.name);
      if (name === undefined || name in block || property.static || isLibrary(property)) continue;
      const shape = shapeOf(property.type);
      block[name] = { t: 'plain' in shape ? shape.plain : this.#computedType(shape.fqn, new Set()), c: 1 };
    }
  }

  /** Type of computed objects: a class `XList` whose elements are `XOutputReference`. */
  #computedType(fqn: string, above: ReadonlySet<string>): CtyType {
    const isList = fqn.endsWith('List');
    const element = fqn.endsWith('OutputReference')
      ? fqn
      : `${isList ? fqn.slice(0, -'List'.length) : fqn}OutputReference`;
    const type = this.#assembly.byName.get(element);
    if (type === undefined || above.has(fqn)) return 'dynamic';
    const attributes: Record<string, CtyType> = {};
    for (const property of type.properties ?? []) {
      if (isLibrary(property) || property.name.endsWith('Input')) continue;
      const shape = shapeOf(property.type);
      attributes[this.#code.names.get(property.name) ?? snakeCase(property.name)] =
        'plain' in shape ? shape.plain : this.#computedType(shape.fqn, new Set([...above, fqn]));
    }
    return isList ? ['list', ['object', attributes]] : ['object', attributes];
  }

  /** Terraform's name of a property: the anchor of its link to the documentation, where it has one. */
  #nameOf(property: JsiiProperty): string {
    const anchor = /\/docs\/(?:resources|data-sources|)\/?\w*#(\w+) /.exec(documentation(property))?.[1];
    return anchor ?? this.#code.names.get(property.name) ?? snakeCase(property.name);
  }
}

function shapeOf(reference: JsiiTypeReference): Shape {
  if (reference.primitive !== undefined) return { plain: PRIMITIVES[reference.primitive] ?? 'dynamic' };
  if (reference.collection !== undefined) {
    const element = shapeOf(reference.collection.elementtype);
    if ('fqn' in element) return { fqn: element.fqn, many: true };
    return { plain: [reference.collection.kind === 'map' ? 'map' : 'list', element.plain] };
  }
  if (reference.union !== undefined) {
    const shapes = reference.union.types.filter(({ fqn }) => fqn !== 'cdktf.IResolvable').map(shapeOf);
    return shapes.find((shape) => 'fqn' in shape) ?? shapes[0] ?? { plain: 'dynamic' };
  }
  const fqn = reference.fqn ?? '';
  const plain = LIBRARY_TYPES[fqn] ?? (fqn.endsWith('MapList') ? (['list', ['map', 'string']] as const) : undefined);
  return plain === undefined ? { fqn, many: false } : { plain };
}

/** Takes possible values and the default from the provider's description, where it names them in its generated form. */
function addDocumented(item: Item, text: string): void {
  const values = /Possible values: (\[[^\]]*\])/.exec(text)?.[1];
  const parsed = values === undefined ? undefined : parse(values);
  if (Array.isArray(parsed) && parsed.every((value) => typeof value === 'string')) item.enum = parsed;
  const given = /Default value: ("[^"]*"|-?[\d.]+|true|false)(?:[\s.]|$)/.exec(text)?.[1]?.replace(/\.$/, '');
  const value = given === undefined ? undefined : parse(given);
  const sameType = { string: 'string', number: 'number', bool: 'boolean' }[String(item.t)];
  if (value !== undefined && typeof value === sameType) item.def = value as string | number | boolean;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isLibrary(property: JsiiProperty): boolean {
  return LIBRARY_PROPERTIES.has(property.name) || property.name.endsWith('Input');
}

function snakeCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
}

function mapValues<In, Out>(record: Record<string, In>, map: (value: In) => Out): Record<string, Out> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
