import { UserError } from '@tributary/platform/errors';
import type { Item, ProviderSchema, Relation } from './model.ts';

/** What we know of one resource beyond its types: by dotted path of the argument, and between arguments. */
interface ResourceRules {
  readonly items?: Readonly<Record<string, Partial<Item>>>;
  readonly relations?: readonly Relation[];
}

const RULES: Readonly<Record<string, ResourceRules>> = {};

/**
 * Adds the hand-written rules to a schema.
 *
 * @throws {UserError} RULE_UNKNOWN when a rule names a resource or an argument that the schema does not have
 */
export function applyRules(schema: ProviderSchema): ProviderSchema {
  if (!schema.provider.startsWith('google')) return schema;
  for (const [type, { items = {}, relations = [] }] of Object.entries(RULES)) {
    const block = schema.resources[type] ?? schema.data[type];
    if (block === undefined) continue;
    for (const [path, rule] of Object.entries(items)) Object.assign(find(block, path, type), rule);
    if (relations.length > 0) schema.relations[type] = [...relations];
  }
  return schema;
}

function find(block: Record<string, Item>, path: string, type: string): Item {
  const [first = '', ...rest] = path.split('.');
  const item = block[first];
  if (item === undefined) throw new UserError('RULE_UNKNOWN', `A rule names ${type}.${path}, which its schema lacks.`);
  return rest.length === 0 ? item : find(item.b ?? {}, rest.join('.'), type);
}
