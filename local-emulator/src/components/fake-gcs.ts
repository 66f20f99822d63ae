import type { Component, Machine } from '../supervisor/component.ts';
import { answers } from './http-probe.ts';

/**
 * A stand-in for Cloud Storage's JSON API, for tests of the adapter that speaks it; locally the lake is in MinIO. It keeps objects in memory, so they are gone
 * when it restarts. What it does not honour is listed where it is tested against: platform/src/lake/gcs.itest.ts.
 */
export const fakeGcs: Component = {
  name: 'fake-gcs',
  needs: [],
  ports: ['fake-gcs'],
  stop: { signal: 'SIGTERM', graceSeconds: 5 },
  readyWithinSeconds: 60,
  async prepare() {},
  start: (machine) => ({
    command: machine.tools.fakeGcsServer,
    args: [
      ...['-scheme', 'http', '-host', '127.0.0.1', '-port', String(machine.port('fake-gcs'))],
      ...['-public-host', `127.0.0.1:${machine.port('fake-gcs')}`, '-external-url', endpointOf(machine)],
      ...['-backend', 'memory', '-log-level', 'warn'],
    ],
  }),
  ready: (machine) => answers(`${endpointOf(machine)}/_internal/healthcheck`),
  async furnish(machine) {
    for (const name of [machine.env().LAKE_BUCKET, machine.env().LANDING_BUCKET]) {
      await fetch(`${endpointOf(machine)}/storage/v1/b`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name }),
      });
    }
  },
  describe: (machine) => ({ summary: "stand-in for Cloud Storage, for the adapter's tests", url: endpointOf(machine) }),
};

function endpointOf(machine: Machine): string {
  return `http://127.0.0.1:${machine.port('fake-gcs')}`;
}
