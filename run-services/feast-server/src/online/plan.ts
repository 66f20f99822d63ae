import { PyFault } from '../python/fault.ts';
import { repr, reprList } from '../python/repr.ts';
import { featureField, timestampField } from '../redis/murmur3.ts';
import { HmgetTemplate } from '../redis/resp.ts';
import type { Definitions, FieldDefinition, ProjectionDefinition, ViewDefinition } from '../registry/definitions.ts';
import type { ValueTypeNumber } from '../registry/value-type.ts';
import { FeastError } from './feast-error.ts';
import { type FeatureRef, parseFeatureRef } from './feature-ref.ts';

/** What is asked for: features by name, or those of a service. */
export type Wanted = { readonly features: readonly string[] } | { readonly service: string };

/** One view of an answer. */
export interface PlannedView {
  readonly view: ViewDefinition;
  /** Its name in full feature names. */
  readonly nameInUse: string;
  /** Its name in the answer's version metadata. */
  readonly cleanName: string;
  /** The features' names, in the order of the answer. */
  readonly features: readonly string[];
  /** Join keys of the view → the name that a request has each under; several where two names lead to one. */
  readonly keyNames: ReadonlyMap<string, string>;
  readonly joinKeys: readonly string[];
  /** HMGET of the features, and of the event time last. */
  readonly template: HmgetTemplate;
  /** Features and event time. */
  readonly width: number;
}

/** What an answer to a set of features takes, whatever the entities. It is made once for a registry. */
export interface Plan {
  readonly views: readonly PlannedView[];
  /** Names of entities (deprecated in requests), and join keys under the name that a request may have them. */
  readonly joinKeyOfEntity: ReadonlyMap<string, string>;
  readonly joinKeys: ReadonlySet<string>;
  readonly keyTypes: ReadonlyMap<string, ValueTypeNumber>;
  /** A view without entities is among them. */
  readonly entityless: boolean;
  /** Views that Python has to compute: the whole request is the sidecar's. */
  readonly onDemand: boolean;
  readonly precomputed: boolean;
  /** JSON of the names of all features, in order, each after a comma. */
  readonly featureNamesJson: Buffer;
  readonly featureCount: number;
}

export const DUMMY_ENTITY = '__dummy';
export const DUMMY_KEY = '__dummy_id';

interface UsedView {
  readonly view: ViewDefinition;
  readonly projection: ProjectionDefinition | undefined;
  features: FieldDefinition[];
}

/**
 * Finds what a request asks for, checking in Feast's own order, so that of several faults the same one is told
 * (feast/utils.py `_get_online_request_context`).
 *
 * @throws {FeastError | PyFault}
 */
export function makePlan(definitions: Definitions, wanted: Wanted, fullFeatureNames: boolean): Plan {
  const service = 'service' in wanted ? definitions.services.get(wanted.service) : undefined;
  if ('service' in wanted && !service) {
    throw new FeastError(
      'FeatureServiceNotFoundException',
      `Feature service ${wanted.service} does not exist in project ${definitions.project}`,
    );
  }
  const refTexts =
    'features' in wanted
      ? wanted.features
      : service!.projections.flatMap((it) => it.features.map(({ name }) => `${nameInUse(it)}:${name}`));
  if ('features' in wanted && refTexts.length === 0)
    throw new PyFault('ValueError', 'No features specified for retrieval');
  const used = service ? viewsOfService(definitions, service.projections) : viewsOfRefs(definitions, refTexts);
  const sources = used.filter(({ view }) => view.kind !== 'on-demand');
  const maps = entityMaps(definitions, sources);
  const refs = refTexts.map(parseFeatureRef);
  refuseCollisions(refTexts, refs, fullFeatureNames);
  const onDemand = used.some(({ view }) => view.kind === 'on-demand');
  const grouped = onDemand ? new Map<UsedView, string[]>() : group(used, refs);
  const views = [...grouped].map(([it, features]) => planView(it, features, maps.joinKeyOfEntity));
  const names = views.flatMap((it) =>
    it.features.map((name) => (fullFeatureNames ? `${it.nameInUse}__${name}` : name)),
  );
  return {
    views,
    ...maps,
    entityless: views.some(({ view }) => view.entities.includes(DUMMY_ENTITY)),
    onDemand,
    precomputed: service?.precomputed ?? false,
    featureNamesJson: Buffer.from(names.map((name) => `,${JSON.stringify(name)}`).join('')),
    featureCount: names.length,
  };
}

const nameInUse = (projection: ProjectionDefinition): string =>
  (projection.alias ?? projection.view) + (projection.version === undefined ? '' : `@v${projection.version}`);

function findView({ views, project }: Definitions, name: string, version: number | undefined): ViewDefinition {
  if (version !== undefined) {
    throw new PyFault(
      'ValueError',
      `Version-qualified ref '${name}@v${version}' not supported: online versioning is disabled. Set 'enable_online_feature_view_versioning: true' ` +
        "under 'registry' in feature_store.yaml.",
    );
  }
  const view = views.get(name);
  if (!view) {
    throw new FeastError('FeatureViewNotFoundException', `Feature view ${name} does not exist in project ${project}`);
  }
  if (!view.enabled) {
    throw new PyFault(
      'ValueError',
      `Feature view '${name}' is disabled and cannot serve features. Enable it with \`feast feature-views enable ${name}\` or set enabled=True.`,
    );
  }
  if (view.unservableState !== undefined) {
    throw new PyFault(
      'ValueError',
      `Feature view '${name}' is in state '${view.unservableState}' and cannot serve features. Only AVAILABLE_ONLINE feature views can serve.`,
    );
  }
  return view;
}

function viewsOfRefs(definitions: Definitions, refs: readonly string[]): UsedView[] {
  const named = new Map<string, FeatureRef>();
  for (const text of refs) {
    const ref = parseFeatureRef(text);
    const key = `${ref.view}@${ref.version}`;
    if (!named.has(key)) named.set(key, ref);
  }
  return [...named.values()].map((ref) => {
    const view = findView(definitions, ref.view, ref.version);
    return { view, projection: undefined, features: [...view.features] };
  });
}

function viewsOfService(definitions: Definitions, projections: readonly ProjectionDefinition[]): UsedView[] {
  const byName = new Map<string, UsedView>();
  for (const projection of projections) {
    const view = findView(definitions, projection.view, projection.version);
    for (const { name, type } of projection.features) {
      if (view.features.some((it) => it.name === name && it.type === type)) continue;
      throw new PyFault(
        'ValueError',
        `The projection for ${view.name} cannot be applied because it contains ${name} which the FeatureView doesn't have.`,
      );
    }
    const key = nameInUse(projection);
    const existing = byName.get(key);
    if (!existing) byName.set(key, { view, projection, features: [...projection.features] });
    else {
      for (const feature of projection.features) {
        if (!existing.features.some(({ name }) => name === feature.name)) existing.features.push(feature);
      }
    }
  }
  return [...byName.values()];
}

/** feast/utils.py `_get_entity_maps`. */
function entityMaps({ entities, project }: Definitions, used: readonly UsedView[]) {
  const byName = new Map(entities.map((entity) => [entity.name, entity]));
  const joinKeyOfEntity = new Map(entities.map(({ name, joinKey }) => [name, joinKey]));
  const keyTypes = new Map<string, ValueTypeNumber>();
  for (const { view, projection } of used) {
    for (const name of view.entities) {
      const entity = byName.get(name);
      if (!entity)
        throw new FeastError('EntityNotFoundException', `Entity ${name} does not exist in project ${project}`);
      const renamed = projection?.joinKeyMap.get(entity.joinKey);
      joinKeyOfEntity.set(renamed ?? entity.name, renamed ?? entity.joinKey);
    }
    for (const { name, type } of view.entityColumns) keyTypes.set(projection?.joinKeyMap.get(name) ?? name, type);
  }
  return { joinKeyOfEntity, keyTypes, joinKeys: new Set(joinKeyOfEntity.values()) };
}

/** feast/utils.py `_validate_feature_refs`, FeatureNameCollisionError. */
function refuseCollisions(texts: readonly string[], refs: readonly FeatureRef[], fullFeatureNames: boolean): void {
  const names = fullFeatureNames ? texts : refs.map(({ feature }) => feature);
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  if (twice.size === 0) return;
  const collisions = fullFeatureNames
    ? [...twice].map((text) => text.replaceAll(':', '__'))
    : texts.filter((text) => [...twice].some((name) => text.endsWith(`:${name}`))).map((text) => text.split(':')[1]!);
  const advice = fullFeatureNames
    ? 'To resolve this collision, please ensure that the feature views or their own features have different names. ' +
      "If you're intentionally joining the same feature view twice on different sets of entities, please rename one of the feature views with '.with_name'."
    : "To resolve this collision, either use the full feature name by setting 'full_feature_names=True', or ensure that the features in question have different names.";
  throw new FeastError(
    'FeatureNameCollisionError',
    `Duplicate features named ${[...new Set(collisions)].join(', ')} found.\n${advice}`,
  );
}

function group(used: readonly UsedView[], refs: readonly FeatureRef[]): Map<UsedView, string[]> {
  const byName = new Map(used.map((it) => [it.projection ? nameInUse(it.projection) : it.view.name, it]));
  const grouped = new Map<UsedView, string[]>();
  for (const { view, version, feature } of refs) {
    const name = version === undefined ? view : `${view}@v${version}`;
    const found = byName.get(name);
    if (!found) throw new FeastError('FeatureViewNotFoundException', `Feature view ${name} does not exist`);
    if (!found.features.some((it) => it.name === feature)) {
      throw new PyFault('KeyError', repr(`Feature ${feature} not found in projection ${name}`));
    }
    const features = grouped.get(found);
    if (!features) grouped.set(found, [feature]);
    else if (!features.includes(feature)) features.push(feature);
  }
  return grouped;
}

function planView(
  { view, projection }: UsedView,
  features: readonly string[],
  joinKeyOfEntity: ReadonlyMap<string, string>,
): PlannedView {
  // feast/utils.py `_get_table_entity_values`: the view's own join keys, and what a projection calls them.
  const joinKeys = [...new Set(view.entities.map((name) => joinKeyOfEntity.get(name)!))];
  const aliases = [...(projection?.joinKeyMap ?? [])].map(([own, alias]) => [alias, own] as const);
  return {
    view,
    nameInUse: projection ? nameInUse(projection) : view.name,
    cleanName: projection?.alias ?? view.name,
    features,
    keyNames: new Map(aliases),
    joinKeys,
    template: new HmgetTemplate([...features.map((name) => featureField(view.name, name)), timestampField(view.name)]),
    width: features.length + 1,
  };
}

/** What Feast says where a request has no value at all for a view: feast/utils.py `_get_unique_entities`. */
export function missingKeys(
  plan: Plan,
  given: ReadonlyMap<string, unknown[]>,
  ofView: ReadonlyMap<string, unknown[]>,
): PyFault {
  const expected = [...new Set(plan.joinKeyOfEntity.values())].filter((key) => key !== DUMMY_KEY).sort(byCodePoint);
  const missing = expected.filter((key) => !ofView.has(key));
  const empty = expected.filter((key) => !ofView.get(key)?.length);
  const text = `Missing join key values for keys: ${reprList(missing)}. No values provided for keys: ${reprList(empty)}. Provided join_key_values: ${reprList([...given.keys()])}`;
  return new PyFault('KeyError', repr(text));
}

const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
