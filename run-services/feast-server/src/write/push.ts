import type { ErasedSubjects } from '@tributary/platform/erasures';
import type { Logger } from '@tributary/platform/log';
import { type AskErased, erasedForRequest } from '../erasures/door.ts';
import { type Door, recordHeldBack } from '../erasures/held-back.ts';
import { HttpError } from '../http/errors.ts';
import type { Exchange } from '../http/exchange.ts';
import { empty, type Reply } from '../http/reply.ts';
import type { Handler } from '../http/router.ts';
import { FeastError } from '../online/feast-error.ts';
import { dumps } from '../python/dumps.ts';
import { PyFault } from '../python/fault.ts';
import type { PyObject, PyValue } from '../python/json.ts';
import { anything, bool, dict, type Model, readJson, text, validate } from '../python/model.ts';
import { timestampField } from '../redis/murmur3.ts';
import type { OnlineStore } from '../redis/store.ts';
import type { Definitions, ViewDefinition } from '../registry/definitions.ts';
import { type RowToWrite, type WriteRules, writeRows } from './compare-and-set.ts';
import { type DataFrame, toDataFrame } from './dataframe.ts';
import { toRows } from './rows.ts';
import { withoutErased } from './without-erased.ts';

export interface WritePorts {
  readonly definitions: () => Definitions;
  readonly store: OnlineStore;
  /** Read at each request, for a request may ask for other rules. */
  readonly rules?: (exchange: Exchange) => WriteRules;
  /** Pushes to the offline store, and to views that Python has to compute; with the body that Python gets. Without it they are refused. */
  readonly delegate?: (exchange: Exchange, body?: Buffer) => Promise<Reply>;
  /** Who was erased, and so does not come back; without it nobody. */
  readonly erased?: AskErased | undefined;
  /** Told of each push that was carried out. */
  readonly pushed?: (source: string, mode: string) => void;
  readonly log: Pick<Logger, 'info'>;
}

/** What Feast does: the stored row stays unless the new one is of a later event time. */
export const FEAST_RULES: WriteRules = { equalWins: false, keyTtlSeconds: 0 };

interface PushRequest {
  readonly push_source_name: string;
  readonly df: Record<string, PyValue>;
  readonly allow_registry_cache: boolean;
  readonly to: string;
  readonly transform_on_write: boolean;
}

const PUSH_MODEL: Model<PushRequest> = {
  push_source_name: { check: text },
  df: { check: dict<PyValue>(anything) },
  allow_registry_cache: { check: bool, default: true },
  to: { check: text, default: 'online' },
  transform_on_write: { check: bool, default: true },
};

interface WriteRequest {
  readonly feature_view_name: string;
  readonly df: Record<string, PyValue>;
  readonly allow_registry_cache: boolean;
  readonly transform_on_write: boolean;
}

const WRITE_MODEL: Model<WriteRequest> = {
  feature_view_name: { check: text },
  df: { check: dict<PyValue>(anything) },
  allow_registry_cache: { check: bool, default: true },
  transform_on_write: { check: bool, default: true },
};

/** POST /push: rows for every view that a push source feeds. 200 once they are online. */
export function push(ports: WritePorts): Handler {
  return async (exchange) => {
    const json = readJson(exchange);
    const request = validate(PUSH_MODEL, json);
    const frame = toDataFrame(request.df as PyObject);
    if (!['online', 'offline', 'online_and_offline'].includes(request.to)) {
      throw new PyFault(
        'ValueError',
        `${request.to} is not a supported push format. Please specify one of these ['online', 'offline', 'online_and_offline'].`,
      );
    }
    const { views, project } = ports.definitions();
    const fed = [...views.values()].filter((view) => view.pushSource === request.push_source_name);
    if (fed.length === 0) {
      throw new FeastError('PushSourceNotFoundException', `Unable to find push source '${request.push_source_name}'.`);
    }
    const erased = await erasedForRequest(ports.erased);
    let reply = empty(200);
    if (request.to === 'online') {
      // All views' rows are made before any is written, so a push that one view refuses changes none.
      const prepared = fed.map((view) => ({ view, ...toRows(view, frame, project, erased) }));
      await Promise.all(prepared.map(({ view, rows }) => writeView(exchange, ports, view, rows)));
      // One row of the request may be a row of several views.
      await recordHeldBack('push', Math.max(...prepared.map(({ heldBack }) => heldBack)), ports.log);
      exchange.notes.entities = frame.rows;
    } else {
      const sent = { exchange, json: json as PyObject, frame, erased, door: 'push' } as const;
      reply = await delegate(ports, sent, 'The offline store', reply);
    }
    if (reply.status < 400) ports.pushed?.(request.push_source_name, request.to);
    return reply;
  };
}

/** POST /write-to-online-store: rows of one view, by its name. */
export function writeToOnlineStore(ports: WritePorts): Handler {
  return async (exchange) => {
    const json = readJson(exchange);
    const request = validate(WRITE_MODEL, json);
    const frame = toDataFrame(request.df as PyObject);
    const { views, project } = ports.definitions();
    const view = views.get(request.feature_view_name);
    if (!view) {
      throw new FeastError(
        'FeastObjectNotFoundException',
        `Can't recognize feast object with a name ${request.feature_view_name}`,
      );
    }
    const erased = await erasedForRequest(ports.erased);
    const done: Reply = { status: 200, body: 'null' };
    if (view.kind === 'on-demand') {
      const sent = { exchange, json: json as PyObject, frame, erased, door: 'write' } as const;
      return delegate(ports, sent, 'An on-demand feature view', done);
    }
    const { rows, heldBack } = toRows(view, frame, project, erased);
    await writeView(exchange, ports, view, rows);
    await recordHeldBack('write', heldBack, ports.log);
    exchange.notes.entities = frame.rows;
    return done;
  };
}

async function writeView(
  exchange: Exchange,
  { store, rules }: WritePorts,
  view: ViewDefinition,
  rows: readonly RowToWrite[],
): Promise<void> {
  await writeRows(store, timestampField(view.name), rows, rules?.(exchange) ?? FEAST_RULES);
}

/** What a request that Python carries out has sent. */
interface Sent {
  readonly exchange: Exchange;
  readonly json: PyObject;
  readonly frame: DataFrame;
  readonly erased: ErasedSubjects | undefined;
  readonly door: Door;
}

/** @param done the answer where no row is left for Python */
async function delegate(ports: WritePorts, sent: Sent, what: string, done: Reply): Promise<Reply> {
  if (!ports.delegate) {
    throw new HttpError(
      501,
      'NOT_ENABLED',
      `${what} is written by Feast's Python server, which this server has none of; set FEAST_SIDECAR_URL.`,
    );
  }
  const { exchange, json, frame, erased, door } = sent;
  const all = json.df as PyObject;
  const { df, rows } = withoutErased(all, frame, erased);
  if (df === all) return ports.delegate(exchange);
  await recordHeldBack(door, frame.rows - rows, ports.log);
  return rows === 0 ? done : ports.delegate(exchange, Buffer.from(dumps({ ...json, df }, { allowNan: true })));
}
