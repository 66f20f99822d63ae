import { type Environment, readConfigFrom, readVariables, variable } from '@tributary/platform/config';
import type { Logger } from '@tributary/platform/log';
import { z } from 'zod';
import { type Authenticator, createAuthenticator, readAuthSettings } from '../auth/index.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Reply } from '../http/reply.ts';
import type { Hooks } from '../http/server.ts';
import { Admission, deadlines, type Limits, readLimits, requireRequestSize } from '../limits/index.ts';
import { RequestLog } from '../logging/request-log.ts';
import { MaterializeRuns } from '../materialize/index.ts';
import { answerObserver, createMetrics, type Metrics, startReporting } from '../metrics/index.ts';
import { OnDemandSidecar, readSidecarUrl } from '../on-demand/sidecar.ts';
import type { OnlineHooks } from '../online/get-online-features.ts';
import { writeStrictAnswer } from '../strict/answer.ts';
import { readDefaultSemantics, type Semantics, semanticsOf } from '../strict/semantics.ts';
import { callersTraceparent, createTraces, type RequestTraces, readTracingSettings } from '../tracing/index.ts';

const OWN_VARIABLES = {
  MATERIALIZE_JOB: variable(
    z.enum(['true', 'false'], { error: 'expected true or false' }).default('false'),
    'whether /materialize starts the Cloud Run job feast (PROJECT_ID, LOCATION, RUN_ENDPOINT); else it is 501',
    'true',
  ),
};

/** What surrounds the handlers: who may call, how much, how it is measured, and how it ends. */
export interface Operations {
  readonly limits: Limits;
  readonly semantics: Semantics;
  readonly metrics: Metrics;
  readonly admission: Admission;
  readonly hooks: Hooks;
  readonly online: OnlineHooks;
  /** Has a sidecar answer what takes Python. */
  readonly delegate: (exchange: Exchange, body?: Buffer) => Promise<Reply>;
  readonly runs: MaterializeRuns | undefined;
  readonly isDraining: boolean;
  readonly traceparent: (exchange: Exchange) => string | undefined;
  /** From now on lets nothing in, and ends what waits for a job. */
  drain(): void;
  /** After the last answer: sends the last spans and figures, and stops timers. */
  close(): Promise<void>;
}

/**
 * Everything operational, as the environment configures it.
 *
 * @throws {UserError} AUTH_REQUIRED, API_KEYS_INVALID or CONFIG_INVALID
 */
export async function createOperations(environment: Environment, log: Logger): Promise<Operations> {
  const limits = readLimits(environment);
  const semantics = readDefaultSemantics(environment);
  const auth = readAuthSettings(environment);
  const tracing = readTracingSettings(environment);
  const [stopReporting, authenticator, traces] = await Promise.all([
    startReporting(environment),
    auth && createAuthenticator(auth, log),
    tracing && createTraces(tracing),
  ]);
  const admission = new Admission(limits);
  const metrics = createMetrics(admission);
  const traceparent = (exchange: Exchange) => traces?.traceparent(exchange) ?? callersTraceparent(exchange);
  const sidecar = new OnDemandSidecar(readSidecarUrl(environment), traceparent);
  const observe = answerObserver(metrics.features);
  const runs = await createRuns(environment);
  const delegate = (exchange: Exchange, body?: Buffer) => sidecar.forward(exchange, body);
  return {
    limits,
    semantics,
    metrics,
    admission,
    hooks: around({ admission, limits, authenticator, traces, metrics, requestLog: new RequestLog(log) }),
    online: {
      admit: (_exchange, { rows, features }) => requireRequestSize(rows, features, limits.maxFeatureValues),
      delegate,
      encode: (exchange, answer) =>
        semanticsOf(exchange, semantics) === 'strict' ? writeStrictAnswer(answer, Date.now() / 1_000) : undefined,
      observe: (_exchange, answer) => observe(answer),
    },
    delegate,
    runs,
    get isDraining() {
      return admission.isClosed;
    },
    traceparent,
    drain() {
      admission.close();
      runs?.close();
    },
    async close() {
      authenticator?.close();
      await Promise.all([traces?.close(), stopReporting?.()]);
    },
  };
}

async function createRuns(environment: Environment): Promise<MaterializeRuns | undefined> {
  if (readVariables(OWN_VARIABLES, environment).MATERIALIZE_JOB === 'false') return undefined;
  const { createJobs } = await import('@tributary/platform/jobs');
  return new MaterializeRuns({ jobs: createJobs(readConfigFrom(environment, 'jobs').jobs) });
}

interface Around {
  readonly admission: Admission;
  readonly limits: Limits;
  readonly authenticator: Authenticator | undefined;
  readonly traces: RequestTraces | undefined;
  readonly metrics: Metrics;
  readonly requestLog: RequestLog;
}

function around({ admission, limits, authenticator, traces, metrics, requestLog }: Around): Hooks {
  return {
    admit(exchange) {
      admission.admit(exchange);
      traces?.start(exchange);
    },
    ...(authenticator === undefined ? {} : { authenticate: authenticator.authenticate }),
    deadlineMs: deadlines(limits),
    done(exchange) {
      admission.leave(exchange);
      traces?.end(exchange);
      metrics.requests.record(exchange);
      requestLog.record(exchange);
    },
  };
}
