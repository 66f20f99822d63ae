import { UserError } from '@tributary/platform/errors';
import { FORMS } from './forms.ts';
import type { Item, ProviderSchema, Relation } from './model.ts';
import { NAMES } from './names.ts';
import { RELATIONS } from './relations.ts';

/** https://cloud.google.com/iam/docs/principal-identifiers */
const PRINCIPAL = {
  match: '^(allUsers|allAuthenticatedUsers|[a-zA-Z]+:[^:].*|principal(Set)?://.+)$',
  says: 'a principal is written with its kind, as in serviceAccount:name@project.iam.gserviceaccount.com',
};

/** "key=value", both as https://cloud.google.com/resource-manager/docs/labels-overview#requirements has them. */
const LABEL = {
  match: '^[\\p{Ll}\\p{Lo}][\\p{Ll}\\p{Lo}\\p{N}_-]{0,62}=[\\p{Ll}\\p{Lo}\\p{N}_-]{0,63}$',
  says: 'keys and values of labels take lower-case letters, digits, "_" and "-", 63 of them at most; a key begins with a letter',
};

/**
 * Adds to a schema of Google's what its types do not tell: patterns of names, ranges, arguments that go or do not go together, and values known in advance.
 *
 * Rules for resources that the schema does not have are those of the other of google and google-beta.
 *
 * @throws {UserError} RULE_UNKNOWN when a rule names an argument that its resource does not have
 */
export function applyRules(schema: ProviderSchema): ProviderSchema {
  if (!schema.provider.startsWith('google')) return schema;
  for (const [type, block] of Object.entries(schema.resources)) {
    if (type.endsWith('_iam_member') && block.member !== undefined) block.member.pattern = PRINCIPAL;
    if (type.endsWith('_iam_binding') && block.members !== undefined) block.members.pattern = PRINCIPAL;
    // Labels of Google Cloud are those that come back as effective_labels; a notification channel has labels that are addresses.
    if (block.labels !== undefined && block.effective_labels !== undefined) block.labels.pattern = LABEL;
  }
  for (const rules of [NAMES, FORMS.resources])
    for (const [type, items] of Object.entries(rules)) amend(schema.resources[type], items, type);
  for (const [type, items] of Object.entries(FORMS.data)) amend(schema.data[type], items, type);
  for (const [type, relations] of Object.entries(RELATIONS)) {
    const block = schema.resources[type];
    if (block === undefined) continue;
    for (const relation of relations) check(block, relation, type);
    schema.relations[type] = [...relations];
  }
  return schema;
}

function amend(
  block: Record<string, Item> | undefined,
  items: Readonly<Record<string, Partial<Item>>>,
  type: string,
): void {
  if (block === undefined) return;
  for (const [path, rule] of Object.entries(items)) Object.assign(find(block, path, type), rule);
}

function check(block: Record<string, Item>, relation: Relation, type: string): void {
  for (const name of relation.of) find(block, relation.in === '' ? name : `${relation.in}.${name}`, type);
}

function find(block: Record<string, Item>, path: string, type: string): Item {
  const [first = '', ...rest] = path.split('.');
  const item = block[first];
  if (item === undefined) throw new UserError('RULE_UNKNOWN', `A rule names ${type}.${path}, which its schema lacks.`);
  return rest.length === 0 ? item : find(item.b ?? {}, rest.join('.'), type);
}
