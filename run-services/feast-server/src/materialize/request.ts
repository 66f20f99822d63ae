import { z } from 'zod';
import { json, type Reply } from '../http/reply.ts';
import { PyFault } from '../python/fault.ts';

/** Feast's MaterializeRequest and MaterializeIncrementalRequest (feast/feature_server.py, 0.67). Members that are not named are ignored, as pydantic does. */
const rangeSchema = z.object({
  start_ts: z.string().nullish(),
  end_ts: z.string().nullish(),
  feature_views: z.array(z.string()).nullish(),
  disable_event_timestamp: z.boolean().default(false),
  version: z.string().nullish(),
});
const incrementalSchema = z.object({
  end_ts: z.string(),
  feature_views: z.array(z.string()).nullish(),
  version: z.string().nullish(),
});

/** What is to be materialized; undefined: every view. */
export interface MaterializeRequest {
  readonly views: readonly string[] | undefined;
}

/** ISO 8601, with a `T` or a space, with or without a zone. */
const TIMESTAMP = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?( ?(Z|[+-]\d\d:?\d\d))?)?$/;

/**
 * Reads the body of `/materialize` or `/materialize-incremental`; a Reply where it cannot be one.
 *
 * @throws {PyFault} for timestamps, as Feast answers them.
 */
export function readMaterializeRequest(body: Buffer, kind: 'range' | 'incremental'): MaterializeRequest | Reply {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return unprocessable([{ type: 'json_invalid', loc: ['body'], msg: 'JSON decode error' }]);
  }
  const parsed = kind === 'range' ? rangeSchema.safeParse(value) : incrementalSchema.safeParse(value);
  if (!parsed.success) return unprocessable(parsed.error.issues.map((issue) => describe(issue, value)));
  const request = parsed.data;
  if (request.version != null) {
    throw new PyFault(
      'ValueError',
      'Versions of feature views are not materialized through this server; run Feast with --version.',
    );
  }
  if ('disable_event_timestamp' in request) requireRange(request);
  else requireTimestamp(request.end_ts);
  return { views: request.feature_views ?? undefined };
}

function requireRange({ start_ts, end_ts, disable_event_timestamp }: z.output<typeof rangeSchema>): void {
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

type Detail = Readonly<Record<string, unknown>>;

function unprocessable(detail: readonly Detail[]): Reply {
  return json(422, { detail });
}

/** FastAPI's shape of an error; `type` and `msg` are pydantic's for what is missing, ours otherwise. */
function describe(issue: z.core.$ZodIssue, body: unknown): Detail {
  const loc = ['body', ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  const found = issue.path.reduce<unknown>((value, part) => (value as never)?.[part], body);
  return found === undefined
    ? { type: 'missing', loc, msg: 'Field required', input: body }
    : { type: 'value_error', loc, msg: issue.message, input: found };
}
