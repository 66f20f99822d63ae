import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { readEnvironment, readVariables, VARIABLES } from '../config/index.ts';
import { TributaryError } from '../errors/index.ts';

export type { Logger } from 'pino';

/** https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#LogSeverity */
const SEVERITY: Readonly<Record<string, string>> = {
  trace: 'DEBUG',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
};

/**
 * Fields whose values never reach a log, up to three levels deep: secrets, rows and whatever may hold a person's data. A net, not a licence:
 * callers log ids, codes, counts and field names, never values.
 */
const REDACTED_FIELDS = [
  'password',
  'secret',
  'secretKey',
  'accessKey',
  'token',
  'authorization',
  'cookie',
  'headers',
  'payload',
  'before',
  'after',
  'row',
  'value',
  'email',
  'phone',
  'ip',
  'address',
  'PGPASSWORD',
  'MINIO_SECRET_KEY',
];

/** https://www.w3.org/TR/trace-context/#traceparent-header-field-values */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

export interface LoggerOptions {
  /** Defaults to standard output, one JSON object a line. */
  readonly destination?: DestinationStream;
  /** Defaults to `LOG_LEVEL`. */
  readonly level?: string;
}

/**
 * A logger whose lines Cloud Logging understands: `severity`, `message`, `time` (RFC 3339) and `component`.
 *
 * A `traceparent` among the fields, of a line or of a child logger, also becomes `logging.googleapis.com/trace` and `/spanId`, so that one change can be followed
 * through every process: `log.child({ traceparent, run_id }).info({ rows }, 'loaded')`. Errors go under `err`; their extra properties are left out, for
 * drivers put offending values there.
 *
 * @throws {UserError} CONFIG_INVALID when LOG_LEVEL is not a level.
 */
export function createLogger(component: string, options: LoggerOptions = {}): Logger {
  const environment = readEnvironment();
  const { LOG_LEVEL: level } = readVariables(
    { LOG_LEVEL: VARIABLES.LOG_LEVEL },
    options.level === undefined ? environment : { ...environment, LOG_LEVEL: options.level },
  );
  return pino(
    {
      level,
      base: { component },
      messageKey: 'message',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ severity: SEVERITY[label] ?? 'DEFAULT' }) },
      mixin: traceOf(environment.PROJECT_ID),
      serializers: { err: (error: unknown) => describeError(error, 0) },
      redact: {
        paths: REDACTED_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: '[redacted]',
      },
    },
    options.destination ?? pino.destination({ fd: 1, sync: true }),
  );
}

/** Adds the trace of a line's `traceparent`, or else of its logger's. A logger's bindings do not change often, so they are parsed once. */
function traceOf(projectId: string | undefined): (line: object, level: number, logger: Logger) => object {
  const ofLogger = new WeakMap<Logger, object>();
  return (line, _level, logger) => {
    if ('traceparent' in line) return traceFields(line.traceparent, projectId);
    let fields = ofLogger.get(logger);
    if (!fields) {
      fields = traceFields(logger.bindings().traceparent, projectId);
      ofLogger.set(logger, fields);
    }
    // pino merges the line into what is returned here.
    return { ...fields };
  };
}

function traceFields(traceparent: unknown, projectId: string | undefined): object {
  const match = typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent) : null;
  if (!match) return {};
  const [, traceId, spanId, flags] = match;
  return {
    'logging.googleapis.com/trace': projectId ? `projects/${projectId}/traces/${traceId}` : traceId,
    'logging.googleapis.com/spanId': spanId,
    'logging.googleapis.com/trace_sampled': (Number.parseInt(flags!, 16) & 1) === 1,
  };
}

/** How many causes of an error are told. */
const MAX_CAUSES = 3;

function describeError(error: unknown, depth: number): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = (error as { code?: unknown }).code;
  const isUserError = error instanceof TributaryError && error.class === 'user';
  return {
    type: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(error instanceof TributaryError ? { class: error.class } : {}),
    message: error.message,
    // A user's error is explained by its message; where our code was at that moment is noise.
    ...(isUserError ? {} : { stack: error.stack }),
    ...(error.cause !== undefined && depth < MAX_CAUSES ? { cause: describeError(error.cause, depth + 1) } : {}),
  };
}
