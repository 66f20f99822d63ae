import type { IncomingMessage } from 'node:http';
import { http } from '@google-cloud/functions-framework';
import { createBus } from '@tributary/platform/bus';
import { behindDoor, onListen, orExit, outcomeRecorder } from '@tributary/platform/cloud-function';
import { readConfig, readVariables } from '@tributary/platform/config';
import { createCostGuard } from '@tributary/platform/cost';
import { createLake } from '@tributary/platform/lake';
import { createLogger } from '@tributary/platform/log';
import { startMetrics } from '@tributary/platform/metrics';
import { type Caller, OidcVerifier } from '@tributary/platform/oidc';
import { createQueryJobs, createWarehouse } from '@tributary/platform/warehouse';
import { answerApi, refuseApi } from './api.ts';
import { loadDeclarations } from './declaration.ts';
import { VARIABLES } from './settings.ts';

const NAME = 'warehouse-api';

/** Of a request's body: parameters, and nothing else. */
const MAX_BODY_BYTES = 1024 * 1024;

/** Answers declared queries over HTTP. */
const log = createLogger(NAME);
const callers = new WeakMap<IncomingMessage, Caller>();

const started = orExit(() => {
  const { warehouse, lake, bus, cost, access, metrics } = readConfig(
    'warehouse',
    'lake',
    'bus',
    'cost',
    'access',
    'metrics',
  );
  const { WAREHOUSE_API_ROLES } = readVariables(VARIABLES);
  startMetrics(`function-${NAME}`, metrics);
  const { host, oidc } = access;
  const verifier = oidc && new OidcVerifier(oidc);
  onListen(host, (next) =>
    behindDoor(
      {
        maxBytes: MAX_BODY_BYTES,
        log,
        outcome: () => outcomeRecorder(NAME),
        async admit(request) {
          // Probes are told nothing.
          if (!verifier || request.url === '/' || request.url === '/healthz') return;
          callers.set(request, await verifier.verify(request.headers.authorization));
        },
        refuse: (_request, response, error) => refuseApi(response, error, log),
      },
      next,
    ),
  );
  const store = createWarehouse(warehouse);
  const parts = { lake: createLake(lake), bucket: lake.lakeBucket, bus: createBus(bus), warehouse: store, log };
  const guard = createCostGuard({ ...cost, ...warehouse }, parts);
  return {
    declarations: loadDeclarations(new URL('../queries/', import.meta.url)),
    roles: WAREHOUSE_API_ROLES,
    jobs: createQueryJobs(warehouse),
    admit: () => guard.admit('optional', NAME),
    outcome: () => outcomeRecorder(NAME),
    log,
  };
}, log);

http(NAME, async (request, response) => {
  await answerApi(request, response, callers.get(request), await started);
});
