import { UserError } from '@tributary/platform/errors';
import type { Component, Machine } from '../supervisor/component.ts';
import { answers } from './http-probe.ts';
import { PubSubResources } from './pubsub-resources.ts';

/** What Cloud Storage tells of, as Terraform sets it: bucket, topic, and the prefix that functions take. https://cloud.google.com/storage/docs/json_api/v1/notifications */
const NOTIFICATIONS = [
  ['LAKE_BUCKET', 'lake-objects', 'processed/'],
  ['LANDING_BUCKET', 'landing-objects', 'landing/'],
] as const;

/**
 * A stand-in for Cloud Storage's JSON API: the lake where LAKE is gcs, and for tests of the adapter that speaks it. It keeps objects in memory, so they are gone
 * when it restarts, and tells Pub/Sub of each new one. What it does not honour is listed where it is tested against: platform/src/lake/gcs.itest.ts.
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
    // Google's client for Pub/Sub goes where this points, and nowhere else.
    env: { PUBSUB_EMULATOR_HOST: `127.0.0.1:${machine.port('pubsub')}` },
  }),
  ready: (machine) => answers(`${endpointOf(machine)}/_internal/healthcheck`),
  async furnish(machine) {
    const env = machine.env();
    const resources = new PubSubResources(env.PROJECT_ID ?? '', env.TOPIC_PREFIX ?? '');
    for (const [bucket, topic, prefix] of NOTIFICATIONS) {
      await post(machine, 'b', { name: env[bucket] });
      await post(machine, `b/${env[bucket]}/notificationConfigs`, {
        topic: `//pubsub.googleapis.com/${resources.topic(topic)}`,
        event_types: ['OBJECT_FINALIZE'],
        object_name_prefix: prefix,
        payload_format: 'JSON_API_V1',
      });
    }
  },
  describe: (machine) => ({ summary: 'lake and landing buckets (Cloud Storage API)', url: endpointOf(machine) }),
};

async function post(machine: Machine, path: string, body: object): Promise<void> {
  const response = await fetch(`${endpointOf(machine)}/storage/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok)
    throw new UserError('START_FAILED', `The Cloud Storage stand-in refused ${path}: ${response.status}`);
}

function endpointOf(machine: Machine): string {
  return `http://127.0.0.1:${machine.port('fake-gcs')}`;
}
