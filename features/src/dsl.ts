/** What an entity's join key is online and in the warehouse. */
export type JoinKeyType = 'INT64' | 'STRING';
/** The types of columns in the warehouse; online, NUMERIC is served as a double. */
export type ColumnType = 'INT64' | 'NUMERIC' | 'FLOAT64' | 'STRING';
/** `<number><s|m|h|d>`. */
export type Duration = `${number}${'s' | 'm' | 'h' | 'd'}`;
/** Operations of docs/interfaces.md#change-event-tributarychanges-type-devtributarychangev1 that a window may count. */
export type CountedOp = 'c' | 'r';

export interface Entity {
  readonly name: string;
  readonly joinKey: string;
  readonly type: JoinKeyType;
  readonly description: string;
}

/** An exact amount of one event: the product of its fields, where the condition holds; otherwise the event counts and adds nothing. */
export interface Measure {
  readonly multiply: readonly string[];
  readonly where?: { readonly field: string; readonly equals: string };
}

/** A stream whose events belong to the group. */
export interface FeatureSource {
  readonly stream: string;
  /** The field that holds the entity; an event without one (a guest's) is skipped. */
  readonly entityField: string;
  readonly eventTime: string;
  /** Updates and deletes of an event are not new events. */
  readonly ops: readonly CountedOp[];
  readonly measures?: Readonly<Record<string, Measure>>;
}

export type Aggregation =
  | { readonly name: string; readonly kind: 'count'; readonly description: string }
  | { readonly name: string; readonly kind: 'sum'; readonly measure: string; readonly description: string };

/**
 * Features over sliding windows of an entity's events, in event time.
 *
 * The value at time t covers events in [floor((t − window)/hop)·hop, t]: the hop bounds how many partial sums a window needs, in streams and
 * in SQL alike.
 */
export interface FeatureGroup {
  readonly name: string;
  readonly description: string;
  readonly entity: Entity;
  readonly sources: readonly FeatureSource[];
  readonly windows: readonly Duration[];
  readonly hop: Duration;
  readonly aggregations: readonly Aggregation[];
}

export interface FeatureColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly description: string;
}

/** Features that a mart computes whole, published from the warehouse. */
export interface FeatureView {
  readonly name: string;
  readonly description: string;
  readonly entity: Entity;
  /** The dbt model that computes it. */
  readonly mart: string;
  readonly columns: readonly FeatureColumn[];
}

/** The views one model is served with. */
export interface FeatureService {
  readonly name: string;
  readonly description: string;
  readonly views: readonly string[];
}

/** Everything declared; checked against the contracts by `compileFeatures`. */
export interface FeatureDeclarations {
  readonly groups: readonly FeatureGroup[];
  readonly views: readonly FeatureView[];
  readonly services: readonly FeatureService[];
}

export const defineEntity = (entity: Entity): Entity => entity;
export const defineFeatureGroup = (group: FeatureGroup): FeatureGroup => group;
export const defineFeatureView = (view: FeatureView): FeatureView => view;
export const defineFeatureService = (service: FeatureService): FeatureService => service;
