import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { readConfigFrom } from '@tributary/platform/config';
import { createWarehouse } from '@tributary/platform/warehouse';
import type { Component, Machine } from '../supervisor/component.ts';
import { answers } from './http-probe.ts';

/** BigQuery's REST API over DuckDB. */
export const bigquery: Component = {
  name: 'bigquery',
  needs: [],
  ports: ['bigquery'],
  stop: { signal: 'SIGTERM', graceSeconds: 10 },
  readyWithinSeconds: 120,

  async prepare(machine) {
    mkdirSync(join(machine.state, 'bigquery'), { recursive: true });
  },

  start(machine) {
    const launcher = join(machine.root, 'local-emulator', 'bigquery', 'launcher.py');
    const args = [
      '--port',
      String(machine.port('bigquery')),
      '--data',
      join(machine.state, 'bigquery'),
      ...objectStore(machine),
    ];
    return { command: join(machine.tools.pythonBin, 'python'), args: [launcher, ...args] };
  },

  ready: (machine) =>
    answers(`http://127.0.0.1:${machine.port('bigquery')}/bigquery/v2/projects/${machine.env().PROJECT_ID}/datasets`),

  async furnish(machine) {
    await createWarehouse(readConfigFrom(machine.env(), 'warehouse').warehouse).migrate();
  },

  describe: (machine) => ({ summary: 'BigQuery API over DuckDB', url: `http://127.0.0.1:${machine.port('bigquery')}` }),
};

/** Where it reads gs:// URIs from. */
function objectStore(machine: Machine): string[] {
  return machine.env().LAKE === 'gcs'
    ? ['--gcs-endpoint', `http://127.0.0.1:${machine.port('fake-gcs')}`]
    : ['--minio-endpoint', `http://127.0.0.1:${machine.port('minio')}`];
}
