import type { Exchange } from '../http/exchange.ts';
import { PyFault } from '../python/fault.ts';
import { bool, list, type Model, optional, readJson, text, validate } from '../python/model.ts';

interface RangeBody {
  readonly start_ts: string | undefined;
  readonly end_ts: string | undefined;
  readonly feature_views: readonly string[] | undefined;
  readonly disable_event_timestamp: boolean;
  readonly full_feature_names: boolean;
  readonly version: string | undefined;
}

/** feast/feature_server.py, 0.67, `MaterializeRequest`. */
const RANGE: Model<RangeBody> = {
  start_ts: { check: optional(text), default: undefined },
  end_ts: { check: optional(text), default: undefined },
  feature_views: { check: optional(list(text)), default: undefined },
  disable_event_timestamp: { check: bool, default: false },
  full_feature_names: { check: bool, default: false },
  version: { check: optional(text), default: undefined },
};

interface IncrementalBody {
  readonly end_ts: string;
  readonly feature_views: readonly string[] | undefined;
  readonly full_feature_names: boolean;
  readonly version: string | undefined;
}

/** `MaterializeIncrementalRequest`. */
const INCREMENTAL: Model<IncrementalBody> = {
  end_ts: { check: text },
  feature_views: { check: optional(list(text)), default: undefined },
  full_feature_names: { check: bool, default: false },
  version: { check: optional(text), default: undefined },
};

/** What is to be materialized; undefined: every view. */
export interface MaterializeRequest {
  readonly views: readonly string[] | undefined;
}

/** ISO 8601, with a `T` or a space, with or without a zone. */
const TIMESTAMP = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?( ?(Z|[+-]\d\d:?\d\d))?)?$/;

/**
 * Reads the body of `/materialize` or `/materialize-incremental`.
 *
 * @throws {RequestValidationError} as pydantic. @throws {PyFault} for timestamps, as Feast answers them.
 */
export function readMaterializeRequest(exchange: Exchange, kind: 'range' | 'incremental'): MaterializeRequest {
  const value = readJson(exchange);
  if (kind === 'range') {
    const request = validate(RANGE, value);
    refuseVersion(request);
    requireRange(request);
    return { views: request.feature_views };
  }
  const request = validate(INCREMENTAL, value);
  refuseVersion(request);
  requireTimestamp(request.end_ts);
  return { views: request.feature_views };
}

function refuseVersion({ version }: { readonly version: string | undefined }): void {
  if (version === undefined) return;
  throw new PyFault(
    'ValueError',
    'Versions of feature views are not materialized through this server; run feast materialize --version.',
  );
}

function requireRange({ start_ts, end_ts, disable_event_timestamp }: RangeBody): void {
  if (disable_event_timestamp) return;
  if (!start_ts || !end_ts) {
    throw new PyFault('ValueError', 'start_ts and end_ts are required when disable_event_timestamp is False');
  }
  if (requireTimestamp(start_ts) >= requireTimestamp(end_ts)) {
    throw new PyFault('ValueError', `start_ts (${start_ts}) must be before end_ts (${end_ts})`);
  }
}

/** Milliseconds since 1970; without a zone it is UTC, as Feast takes it. */
function requireTimestamp(text: string): number {
  const zoned = /[Zz]|[+-]\d\d:?\d\d$/.test(text.slice(10)) ? text : `${text.length > 10 ? text : `${text}T00:00:00`}Z`;
  const time = TIMESTAMP.test(text) ? Date.parse(zoned.replace(' ', 'T').replace(' ', '')) : Number.NaN;
  if (Number.isNaN(time)) throw new PyFault('ValueError', `Invalid timestamp format: Unknown string format: ${text}`);
  return time;
}
