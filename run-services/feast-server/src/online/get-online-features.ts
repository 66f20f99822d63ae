import { HttpError } from '../http/errors.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Reply } from '../http/reply.ts';
import type { Handler } from '../http/router.ts';
import { PyFault } from '../python/fault.ts';
import { repr } from '../python/repr.ts';
import { EntityKeyEncoder, type KeyPart } from '../redis/entity-key.ts';
import type { HmgetTemplate } from '../redis/resp.ts';
import type { HashValues, OnlineStore } from '../redis/store.ts';
import type { Definitions } from '../registry/definitions.ts';
import { ValueType } from '../registry/value-type.ts';
import type { FeastValue } from '../value/feast-value.ts';
import { toValues } from '../value/from-python.ts';
import { toKeyPart } from '../value/key-part.ts';
import { writeAnswer } from './answer.ts';
import { DUMMY_KEY, missingKeys, type Plan, type PlannedView } from './plan.ts';
import { Plans } from './plans.ts';
import { type OnlineRequest, readOnlineRequest } from './request.ts';

export interface OnlineHooks {
  /** Before anything is read: refuse what is too large by throwing an HttpError. */
  readonly admit?: (exchange: Exchange, size: { readonly rows: number; readonly features: number }) => void;
  /** Requests with on-demand or precomputed features. Without it they are refused. */
  readonly delegate?: (exchange: Exchange) => Promise<Reply>;
  /**
   * Answers in the place of Feast's own semantics; undefined: as Feast. Called with all that was read, before anything is written.
   */
  readonly encode?: (exchange: Exchange, answer: ReadAnswer) => Buffer | undefined;
  /** After an answer was made, for metrics. */
  readonly observe?: (exchange: Exchange, answer: ReadAnswer) => void;
}

/** Everything that an answer is made of. */
export interface ReadAnswer {
  readonly plan: Plan;
  readonly rows: number;
  readonly keys: ReadonlyMap<string, (FeastValue | undefined)[]>;
  readonly values: HashValues;
  readonly versionMetadata: boolean;
  readonly fullFeatureNames: boolean;
}

export interface OnlinePorts {
  /** The registry as it is now. */
  readonly definitions: () => Definitions;
  readonly store: OnlineStore;
  readonly hooks?: OnlineHooks;
}

type Columns = Map<string, (FeastValue | undefined)[]>;

/** POST /get-online-features, as Feast 0.67's server answers it. */
export function getOnlineFeatures({ definitions, store, hooks = {} }: OnlinePorts): Handler {
  const plans = new Plans();
  return (exchange) => {
    const request = readOnlineRequest(exchange);
    const current = definitions();
    const wanted = request.feature_service ? { service: request.feature_service } : { features: request.features };
    const plan = plans.get(current, wanted, request.full_feature_names);
    if (plan.onDemand || plan.precomputed) return delegate(exchange, hooks);
    const { rows, keys, all } = readEntities(plan, request);
    exchange.notes.entities = rows;
    exchange.notes.features = plan.featureCount;
    hooks.admit?.(exchange, { rows, features: plan.featureCount });
    return read(store, current.project, plan, all, rows).then((values) => {
      const answer: ReadAnswer = {
        plan,
        rows,
        keys,
        values,
        versionMetadata: request.include_feature_view_version_metadata,
        fullFeatureNames: request.full_feature_names,
      };
      const body = hooks.encode?.(exchange, answer) ?? writeAnswer(answer);
      hooks.observe?.(exchange, answer);
      return { status: 200, body };
    });
  };
}

function delegate(exchange: Exchange, { delegate }: OnlineHooks): Promise<Reply> {
  if (delegate) return delegate(exchange);
  throw new HttpError(
    501,
    'NOT_ENABLED',
    "On-demand and precomputed features are computed by Feast's Python server, which this server has none of; set FEAST_SIDECAR_URL.",
  );
}

/** feast/utils.py `_prepare_entities_to_read_from_online_store`. @throws {PyFault} */
function readEntities(plan: Plan, { entities }: OnlineRequest): { rows: number; keys: Columns; all: Columns } {
  const names = Object.keys(entities);
  const columns = names.map((name) => toValues(entities[name]!, plan.keyTypes.get(name) ?? ValueType.UNKNOWN));
  if (columns.length === 0) throw new PyFault('KeyError', repr('pop from an empty set'));
  const rows = columns[0]!.length;
  for (const { length } of columns) {
    if (length !== rows) throw new PyFault('ValueError', 'All entity rows must have the same columns.');
  }
  const keys: Columns = new Map();
  for (let at = 0; at < names.length; at += 1) {
    const name = names[at]!;
    const joinKey = plan.joinKeys.has(name) ? name : plan.joinKeyOfEntity.get(name);
    // What is neither a join key nor an entity is most likely a feature's value, and is left aside.
    if (joinKey !== undefined) keys.set(joinKey, columns[at]!);
  }
  // A second map only where it differs: one is made for each request.
  const all: Columns = plan.entityless || keys.has(DUMMY_KEY) ? new Map(keys) : keys;
  // Feast takes its stand-in for an entity out of every answer, also where a request names it.
  if (all !== keys) keys.delete(DUMMY_KEY);
  if (plan.entityless) {
    all.set(
      DUMMY_KEY,
      Array.from({ length: rows }, (): FeastValue => ({ type: ValueType.STRING, data: '' })),
    );
  }
  return { rows, keys, all };
}

function read(store: OnlineStore, project: string, plan: Plan, all: Columns, rows: number): Promise<HashValues> {
  const keys: Buffer[] = [];
  const templates: HmgetTemplate[] = [];
  for (const planned of plan.views) {
    const ofView = columnsOf(planned, all);
    const columns = [...ofView.values()];
    if (columns.length === 0 || rows === 0) throw missingKeys(plan, all, ofView);
    // Feast sorts the rows first, which fails on a null.
    for (const column of columns) {
      if (column.includes(undefined)) throw new PyFault('TypeError', "attribute name must be string, not 'NoneType'");
    }
    const encoder = encoderOf(planned, ofView, project);
    const parts: KeyPart[] = new Array(columns.length);
    for (let row = 0; row < rows; row += 1) {
      for (let at = 0; at < columns.length; at += 1) parts[at] = toKeyPart(columns[at]![row]!);
      keys.push(encoder.encode(parts));
      templates.push(planned.template);
    }
  }
  return store.read({ keys, templates });
}

/** The columns that a view is read by, under its own join keys: feast/utils.py `_get_table_entity_values`. */
function columnsOf({ keyNames, joinKeys }: PlannedView, all: Columns): Columns {
  const result: Columns = new Map();
  for (const [name, values] of all) {
    const own = keyNames.get(name) ?? name;
    if (joinKeys.includes(own)) result.set(own, values);
  }
  return result;
}

const encoders = new WeakMap<PlannedView, EntityKeyEncoder>();

/** Nearly always for all join keys of the view, in one order: that encoder is kept with the plan. */
function encoderOf(planned: PlannedView, ofView: Columns, project: string): EntityKeyEncoder {
  let at = 0;
  for (const name of ofView.keys()) if (name === planned.joinKeys[at]) at += 1;
  if (at !== ofView.size || at !== planned.joinKeys.length) return new EntityKeyEncoder([...ofView.keys()], project);
  let encoder = encoders.get(planned);
  if (!encoder) {
    encoder = new EntityKeyEncoder(planned.joinKeys, project);
    encoders.set(planned, encoder);
  }
  return encoder;
}
