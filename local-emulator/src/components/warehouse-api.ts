import type { Component, Machine } from '../supervisor/component.ts';
import { frameworkProcess } from './functions-framework.ts';
import { answers } from './http-probe.ts';

const PORT = 'warehouse-api';

const url = (machine: Machine): string => `http://127.0.0.1:${machine.port(PORT)}`;

/** Where the events of a run are to be seen, for messages to people. */
export function runUrlTemplate(machine: Machine): string {
  return `${url(machine)}/queries/run-events?run_id={run_id}`;
}

/** The warehouse API: a Cloud Function that people and programs call, not events. */
export const warehouseApi: Component = {
  name: 'warehouse-api',
  needs: ['minio', 'bigquery'],
  ports: [PORT],
  stop: { signal: 'SIGTERM', graceSeconds: 5 },
  readyWithinSeconds: 90,
  async prepare() {},
  start: (machine) => frameworkProcess(machine, 'warehouse-api', PORT),
  ready: (machine) => answers(`${url(machine)}/healthz`),
  describe: (machine) => ({ summary: 'declared queries over HTTP: GET /queries', url: `${url(machine)}/queries` }),
};
