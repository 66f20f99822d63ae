import { HttpError } from '../http/errors.ts';
import type { Exchange } from '../http/exchange.ts';
import { empty, type Reply } from '../http/reply.ts';
import type { Handler } from '../http/router.ts';
import { FeastError } from '../online/feast-error.ts';
import { PyFault } from '../python/fault.ts';
import type { PyObject, PyValue } from '../python/json.ts';
import { anything, bool, dict, type Model, readJson, text, validate } from '../python/model.ts';
import { timestampField } from '../redis/murmur3.ts';
import type { OnlineStore } from '../redis/store.ts';
import type { Definitions, ViewDefinition } from '../registry/definitions.ts';
import { type WriteRules, writeRows } from './compare-and-set.ts';
import { toDataFrame } from './dataframe.ts';
import { toRows } from './rows.ts';

export interface WritePorts {
  readonly definitions: () => Definitions;
  readonly store: OnlineStore;
  /** Read at each request, for a request may ask for other rules. */
  readonly rules?: (exchange: Exchange) => WriteRules;
  /** Pushes to the offline store, and to views that Python has to compute. Without it they are refused. */
  readonly delegate?: (exchange: Exchange) => Promise<Reply>;
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
    const request = validate(PUSH_MODEL, readJson(exchange));
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
    if (request.to !== 'online') return delegate(exchange, ports, 'The offline store');
    // All views' rows are made before any is written, so a push that one view refuses changes none.
    const prepared = fed.map((view) => ({ view, rows: toRows(view, frame, project) }));
    await Promise.all(prepared.map(({ view, rows }) => writeView(exchange, ports, view, rows)));
    exchange.notes.entities = frame.rows;
    return empty(200);
  };
}

/** POST /write-to-online-store: rows of one view, by its name. */
export function writeToOnlineStore(ports: WritePorts): Handler {
  return async (exchange) => {
    const request = validate(WRITE_MODEL, readJson(exchange));
    const frame = toDataFrame(request.df as PyObject);
    const { views, project } = ports.definitions();
    const view = views.get(request.feature_view_name);
    if (!view) {
      throw new FeastError(
        'FeastObjectNotFoundException',
        `Can't recognize feast object with a name ${request.feature_view_name}`,
      );
    }
    if (view.kind === 'on-demand') return delegate(exchange, ports, 'An on-demand feature view');
    await writeView(exchange, ports, view, toRows(view, frame, project));
    exchange.notes.entities = frame.rows;
    return { status: 200, body: 'null' };
  };
}

async function writeView(
  exchange: Exchange,
  { store, rules }: WritePorts,
  view: ViewDefinition,
  rows: ReturnType<typeof toRows>,
): Promise<void> {
  await writeRows(store, timestampField(view.name), rows, rules?.(exchange) ?? FEAST_RULES);
}

function delegate(exchange: Exchange, { delegate }: WritePorts, what: string): Promise<Reply> {
  if (delegate) return delegate(exchange);
  throw new HttpError(
    501,
    'NOT_ENABLED',
    `${what} is written by Feast's Python server, which this server has none of; set FEAST_SIDECAR_URL.`,
  );
}
