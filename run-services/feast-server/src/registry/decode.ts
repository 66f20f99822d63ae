import { readFileSync } from 'node:fs';
import { UserError } from '@tributary/platform/errors';
import protobuf from 'protobufjs/light.js';
import type {
  Definitions,
  FieldDefinition,
  ProjectionDefinition,
  ServiceDefinition,
  SourceDefinition,
  ViewDefinition,
  ViewKind,
} from './definitions.ts';

/** Made by export_descriptor.py. */
const descriptor = JSON.parse(
  readFileSync(new URL('./registry.descriptor.json', import.meta.url), 'utf8'),
) as protobuf.INamespace;
const Registry = protobuf.Root.fromJSON(descriptor).lookupType('Registry');

/** feast.core.FeatureViewState, feast/feature_view.py: those that Feast does not serve from. */
const UNSERVABLE: Readonly<Record<number, string>> = { 1: 'CREATED', 2: 'GENERATED', 3: 'MATERIALIZING' };

/** Feast's own kind of class in a data source, feast/data_source.py. */
const PUSH_SOURCE = 'feast.data_source.PushSource';

/** feast.core.DataSource.SourceType.PUSH_SOURCE */
const PUSH_TYPE = 9;

/**
 * Reads the bytes of a registry.db.
 *
 * @param project undefined where the registry has one project only.
 * @throws {UserError} REGISTRY_UNREADABLE when the bytes are not a registry, or not of this project.
 */
export function decodeRegistry(bytes: Buffer, project: string | undefined, version: string): Definitions {
  let raw: RawRegistry;
  try {
    raw = Registry.toObject(Registry.decode(bytes), { longs: Number, defaults: true, arrays: true }) as RawRegistry;
  } catch (error) {
    throw new UserError(
      'REGISTRY_UNREADABLE',
      'These bytes are not a Feast registry; is it a registry.db that `feast apply` wrote?',
      {
        cause: error,
      },
    );
  }
  const name = project ?? onlyProject(raw);
  const mine = <T extends { spec?: { project: string } | null }>(items: readonly T[]): NonNullable<T['spec']>[] =>
    items.filter((item) => item.spec?.project === name).map((item) => item.spec as NonNullable<T['spec']>);
  const views = new Map<string, ViewDefinition>();
  // The first of a name wins, in the order in which Feast looks (proto_registry_utils.get_any_feature_view).
  const add = (view: ViewDefinition): void => {
    if (!views.has(view.name)) views.set(view.name, view);
  };
  for (const { spec, meta } of raw.feature_views) if (spec?.project === name) add(toView('feature', spec, meta));
  for (const { spec, meta } of raw.stream_feature_views) if (spec?.project === name) add(toView('stream', spec, meta));
  for (const { spec, meta } of raw.on_demand_feature_views) {
    if (spec?.project === name) add(toView('on-demand', spec, meta));
  }
  for (const { spec, meta } of raw.label_views) if (spec?.project === name) add(toView('label', spec, meta));
  return {
    project: name,
    entities: mine(raw.entities).map((it) => ({ name: it.name, joinKey: it.join_key })),
    views,
    services: new Map(mine(raw.feature_services).map((it) => [it.name, toService(it)])),
    version,
    updatedAt: (raw.last_updated?.seconds ?? 0) * 1_000,
  };
}

function onlyProject(raw: RawRegistry): string {
  const names = [...new Set(raw.projects.map((it) => it.spec?.name ?? ''))];
  if (names.length === 1) return names[0]!;
  throw new UserError(
    'REGISTRY_UNREADABLE',
    names.length === 0
      ? 'The registry has no project; run `feast apply`.'
      : `The registry has the projects ${names.join(', ')}; set FEAST_PROJECT to the one to serve.`,
  );
}

function toView(kind: ViewKind, spec: RawViewSpec, meta: RawMeta | null | undefined): ViewDefinition {
  return {
    name: spec.name,
    kind,
    entities: spec.entities,
    features: spec.features.map(toField),
    entityColumns: spec.entity_columns.map(toField),
    ttlSeconds: spec.ttl?.seconds ?? 0,
    online: spec.online ?? false,
    enabled: !spec.disabled,
    unservableState: UNSERVABLE[meta?.state ?? 0],
    version: meta?.current_version_number ?? 0,
    batchSource: toSource(spec.batch_source ?? spec.source?.batch_source ?? spec.source),
    pushSource: pushSource(spec.stream_source ?? spec.source),
    writeToOnlineStore: spec.write_to_online_store ?? false,
  };
}

const toField = ({ name, value_type: type }: RawField): FieldDefinition => ({ name, type });

function toSource(source: RawSource | null | undefined): SourceDefinition | undefined {
  if (!source) return undefined;
  return {
    timestampField: source.timestamp_field,
    createdTimestampColumn: source.created_timestamp_column,
    fieldMapping: new Map(Object.entries(source.field_mapping)),
  };
}

function pushSource(source: RawSource | null | undefined): string | undefined {
  if (!source) return undefined;
  return source.type === PUSH_TYPE || source.data_source_class_type === PUSH_SOURCE ? source.name : undefined;
}

function toService(spec: RawServiceSpec): ServiceDefinition {
  return { name: spec.name, projections: spec.features.map(toProjection), precomputed: spec.precompute_online };
}

function toProjection(raw: RawProjection): ProjectionDefinition {
  return {
    view: raw.feature_view_name,
    alias: raw.feature_view_name_alias || undefined,
    features: raw.feature_columns.map(toField),
    joinKeyMap: new Map(Object.entries(raw.join_key_map)),
    version: raw.version_tag || undefined,
  };
}

interface RawField {
  name: string;
  value_type: number;
}
interface RawSource {
  name: string;
  type: number;
  timestamp_field: string;
  created_timestamp_column: string;
  data_source_class_type: string;
  field_mapping: Record<string, string>;
  batch_source?: RawSource | null;
}
interface RawViewSpec {
  name: string;
  project: string;
  entities: string[];
  features: RawField[];
  entity_columns: RawField[];
  ttl?: { seconds: number } | null;
  disabled?: boolean;
  online?: boolean;
  batch_source?: RawSource | null;
  stream_source?: RawSource | null;
  /** Label views only. */
  source?: RawSource | null;
  write_to_online_store?: boolean;
}
interface RawMeta {
  state?: number;
  current_version_number?: number;
}
interface RawView {
  spec?: RawViewSpec | null;
  meta?: RawMeta | null;
}
interface RawProjection {
  feature_view_name: string;
  feature_view_name_alias: string;
  feature_columns: RawField[];
  join_key_map: Record<string, string>;
  version_tag: number;
}
interface RawServiceSpec {
  name: string;
  project: string;
  features: RawProjection[];
  precompute_online: boolean;
}
interface RawRegistry {
  entities: { spec?: { name: string; project: string; join_key: string } | null }[];
  feature_views: RawView[];
  stream_feature_views: RawView[];
  on_demand_feature_views: RawView[];
  label_views: RawView[];
  feature_services: { spec?: RawServiceSpec | null }[];
  projects: { spec?: { name: string } | null }[];
  last_updated?: { seconds: number } | null;
}
