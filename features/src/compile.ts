import type { CompiledContract, Contracts } from '@tributary/platform/contracts';
import { UserError } from '@tributary/platform/errors';
import { type CompiledFeatures, type CompiledGroup, compiledFeaturesSchema } from './compiled.ts';
import type { Aggregation, ColumnType, Entity, FeatureDeclarations, FeatureGroup, FeatureSource } from './dsl.ts';

const SECONDS_PER_UNIT: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Members of a compiled source that a measure must not be called. */
const SOURCE_MEMBERS = ['stream', 'entity_field', 'event_time', 'ops'];

/**
 * Checks the declarations against the contracts, and spells out every feature.
 *
 * @throws {UserError} FEATURES_INVALID naming the group or view, the place and the remedy.
 */
export function compileFeatures(declarations: FeatureDeclarations, contracts: Contracts): CompiledFeatures {
  const { groups, views, services } = declarations;
  const compiled: CompiledFeatures = {
    entities: entitiesOf([...groups, ...views].map(({ entity }) => entity)),
    groups: groups.map((group) => compileGroup(group, contracts)),
    views: views.map((view) => ({
      ...view,
      columns: view.columns.map(({ name, type, description }) => ({
        name,
        type: onlineType(type),
        warehouse_type: type,
        description,
      })),
    })),
    services: services.map((service) => ({ ...service, views: [...service.views] })),
  };
  checkNames(compiled);
  const result = compiledFeaturesSchema.safeParse(compiled);
  if (!result.success) throw invalid(result.error.issues[0]!.path.join('.'), result.error.issues[0]!.message);
  return result.data;
}

function compileGroup(group: FeatureGroup, contracts: Contracts): CompiledGroup {
  const windows = group.windows.map((window) => ({ name: window, seconds: secondsOf(group.name, window) }));
  const hop = secondsOf(group.name, group.hop);
  for (const { name, seconds } of windows) {
    if (seconds % hop !== 0)
      throw invalid(
        group.name,
        `window ${name} is no multiple of the hop ${group.hop}; choose a hop that divides every window.`,
      );
  }
  for (const source of group.sources) checkSource(group, source, contracts);
  return {
    name: group.name,
    description: group.description,
    entity: group.entity,
    mart: group.name,
    push_source: `${group.name}_push`,
    hop_seconds: hop,
    windows,
    sources: group.sources.map(compileSource),
    features: group.aggregations.flatMap((aggregation) =>
      windows.map((window) => featureOf(group, aggregation, window.name)),
    ),
  };
}

function compileSource(source: FeatureSource): CompiledGroup['sources'][number] {
  const members = {
    stream: source.stream,
    entity_field: source.entityField,
    event_time: source.eventTime,
    ops: [...source.ops],
  };
  // A measure stands under its own name; that none is called as a fixed member is checked, but TypeScript cannot say it.
  return { ...members, ...source.measures } as unknown as CompiledGroup['sources'][number];
}

function featureOf(group: FeatureGroup, aggregation: Aggregation, window: string): CompiledGroup['features'][number] {
  const shared = {
    name: `${aggregation.name}_${window}`,
    window,
    description: `${aggregation.description}, last ${window}.`,
  };
  if (aggregation.kind === 'count') return { ...shared, kind: 'count', type: 'INT64', warehouse_type: 'INT64' };
  if (!group.sources.some((source) => source.measures?.[aggregation.measure])) {
    throw invalid(
      group.name,
      `${aggregation.name} sums "${aggregation.measure}", which no source measures; declare it under measures.`,
    );
  }
  return {
    ...shared,
    kind: 'sum',
    measure: aggregation.measure,
    type: onlineType('NUMERIC'),
    warehouse_type: 'NUMERIC',
  };
}

function checkSource(group: FeatureGroup, source: FeatureSource, contracts: Contracts): void {
  const place = `${group.name}, source ${source.stream}`;
  const contract = contracts.get(source.stream);
  if (!contract) throw invalid(place, `no contract has this stream; there are ${[...contracts.keys()].join(', ')}.`);
  if (fieldOf(place, contract, source.entityField).type !== group.entity.type) {
    throw invalid(place, `${source.entityField} is not of the entity's type ${group.entity.type}.`);
  }
  // Files are partitioned and rows ordered by the contract's event time; another clock would disagree with them.
  if (contract.eventTime !== source.eventTime)
    throw invalid(place, `eventTime is ${source.eventTime}; the contract's is ${contract.eventTime}.`);
  for (const [name, measure] of Object.entries(source.measures ?? {})) {
    if (SOURCE_MEMBERS.includes(name)) throw invalid(place, `a measure cannot be called ${name}.`);
    for (const factor of measure.multiply) {
      const field = fieldOf(place, contract, factor);
      if ((field.type !== 'INT64' && field.type !== 'NUMERIC') || !field.required) {
        throw invalid(
          place,
          `measure ${name} multiplies ${factor}, which is not a required INT64 or NUMERIC; sums must be exact.`,
        );
      }
    }
    if (measure.where) {
      const field = fieldOf(place, contract, measure.where.field);
      if (field.enum && !field.enum.includes(measure.where.equals)) {
        throw invalid(
          place,
          `measure ${name} asks for ${field.name} = ${measure.where.equals}; it is one of ${field.enum.join(', ')}.`,
        );
      }
    }
  }
}

function fieldOf(place: string, contract: CompiledContract, name: string): CompiledContract['fields'][number] {
  const field = contract.fields.find((candidate) => candidate.name === name);
  if (!field)
    throw invalid(
      place,
      `the contract has no field ${name}; it has ${contract.fields.map((each) => each.name).join(', ')}.`,
    );
  if (field.pii === 'mask' || field.pii === 'drop')
    throw invalid(place, `field ${name} is of class ${field.pii} and cannot be computed with.`);
  if (field.lookup)
    throw invalid(
      place,
      `field ${name} is looked up on the way to files, which windowed features do not wait for; use a field of the source row.`,
    );
  return field;
}

function entitiesOf(entities: readonly Entity[]): Entity[] {
  const byName = new Map<string, Entity>();
  for (const entity of entities) {
    const known = byName.get(entity.name);
    if (known && known !== entity)
      throw invalid(`entity ${entity.name}`, 'is declared twice; import the one declaration.');
    byName.set(entity.name, entity);
  }
  return [...byName.values()];
}

function checkNames(compiled: CompiledFeatures): void {
  const views = [...compiled.groups, ...compiled.views].map(({ name }) => name);
  refuseRepeats('features', views);
  for (const group of compiled.groups)
    refuseRepeats(group.name, [group.entity.joinKey, ...group.features.map(({ name }) => name)]);
  for (const view of compiled.views)
    refuseRepeats(view.name, [view.entity.joinKey, ...view.columns.map(({ name }) => name)]);
  for (const service of compiled.services) {
    const unknown = service.views.find((view) => !views.includes(view));
    if (unknown)
      throw invalid(`service ${service.name}`, `there is no view ${unknown}; there are ${views.join(', ')}.`);
  }
}

function refuseRepeats(place: string, names: readonly string[]): void {
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw invalid(place, `the name ${repeated} is used twice.`);
}

/** Redis and Feast have no decimal: what the warehouse holds exactly is served as a double. */
function onlineType(type: ColumnType): 'INT64' | 'FLOAT64' | 'STRING' {
  return type === 'NUMERIC' ? 'FLOAT64' : type;
}

function secondsOf(place: string, duration: string): number {
  const match = /^([1-9]\d{0,8})([smhd])$/.exec(duration);
  if (!match) throw invalid(place, `"${duration}" is no duration; write for example 5m, 1h or 1d.`);
  return Number(match[1]) * SECONDS_PER_UNIT[match[2]!]!;
}

function invalid(place: string, problem: string): UserError {
  return new UserError('FEATURES_INVALID', `features: ${place}: ${problem}`);
}
