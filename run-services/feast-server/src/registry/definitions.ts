import type { ValueTypeNumber } from './value-type.ts';

/** A column of a view. */
export interface FieldDefinition {
  readonly name: string;
  readonly type: ValueTypeNumber;
}

export interface EntityDefinition {
  readonly name: string;
  readonly joinKey: string;
}

/** Where a view's rows come from, as far as a push has to know. */
export interface SourceDefinition {
  readonly timestampField: string;
  /** Empty: none. */
  readonly createdTimestampColumn: string;
  /** Column of the data → name of the feature. */
  readonly fieldMapping: ReadonlyMap<string, string>;
}

export type ViewKind = 'feature' | 'stream' | 'on-demand' | 'label';

export interface ViewDefinition {
  readonly name: string;
  readonly kind: ViewKind;
  /** Names, not join keys. `__dummy` alone for a view without entities. */
  readonly entities: readonly string[];
  readonly features: readonly FieldDefinition[];
  readonly entityColumns: readonly FieldDefinition[];
  /** Seconds; 0 for ever. */
  readonly ttlSeconds: number;
  /** Whether `feast materialize` puts it online. */
  readonly online: boolean;
  readonly enabled: boolean;
  /** Feast's name of a state that is not served from; undefined where the view may be read. */
  readonly unservableState: string | undefined;
  /** 0 where views are not versioned. */
  readonly version: number;
  readonly batchSource: SourceDefinition | undefined;
  /** The push source that feeds it. */
  readonly pushSource: string | undefined;
  /** On-demand views only: computed once, as rows are written. */
  readonly writeToOnlineStore: boolean;
}

/** A view within a service: some of its features, and perhaps under another name. */
export interface ProjectionDefinition {
  readonly view: string;
  readonly alias: string | undefined;
  readonly features: readonly FieldDefinition[];
  /** Join key of the view → key that a request has it under. */
  readonly joinKeyMap: ReadonlyMap<string, string>;
  readonly version: number | undefined;
}

export interface ServiceDefinition {
  readonly name: string;
  readonly projections: readonly ProjectionDefinition[];
  readonly precomputed: boolean;
}

/** Everything of one project that serving needs. Never changes: another registry is another of these. */
export interface Definitions {
  readonly project: string;
  readonly entities: readonly EntityDefinition[];
  readonly views: ReadonlyMap<string, ViewDefinition>;
  readonly services: ReadonlyMap<string, ServiceDefinition>;
  /** Where the bytes came from changed; opaque. */
  readonly version: string;
  /** When Feast wrote it, milliseconds since 1970; 0 where it does not say. */
  readonly updatedAt: number;
}
