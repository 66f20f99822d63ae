import { UserError } from '@tributary/platform/errors';
import type { Component, Machine } from '../supervisor/component.ts';
import { PUSHED } from './event-chain.ts';
import { answers } from './http-probe.ts';
import { PubSubResources } from './pubsub-resources.ts';

/**
 * Pub/Sub's API over Google's in-memory fake (local-emulator/pubsub), with the topics and subscriptions that Terraform makes. It keeps messages in memory: they are
 * gone when it restarts.
 */
export const pubsub: Component = {
  name: 'pubsub',
  needs: [],
  ports: ['pubsub', 'pubsub-rest'],
  stop: { signal: 'SIGTERM', graceSeconds: 5 },
  readyWithinSeconds: 60,
  async prepare() {},
  start: (machine) => ({
    command: machine.tools.pubsubServer,
    args: ['-grpc-port', String(machine.port('pubsub')), '-rest-port', String(machine.port('pubsub-rest'))],
  }),
  ready: (machine) => answers(`${pubsubRest(machine)}/healthz`),
  async furnish(machine) {
    const resources = new PubSubResources(machine.env().PROJECT_ID ?? '', machine.env().TOPIC_PREFIX ?? '');
    for (const name of resources.topics()) await make(machine, name, {});
    for (const subscription of resources.subscriptions(PUSHED)) await make(machine, subscription.name, subscription);
  },
  describe: (machine) => ({ summary: 'bus (Pub/Sub API)', url: pubsubRest(machine) }),
};

/** Base URL of its JSON API. */
export function pubsubRest(machine: Machine): string {
  return `http://127.0.0.1:${machine.port('pubsub-rest')}`;
}

const CONFLICT = 409;

/** Creates a topic or a subscription; one that is there stays as it is. */
async function make(machine: Machine, name: string, resource: object): Promise<void> {
  const response = await fetch(`${pubsubRest(machine)}/v1/${name}`, { method: 'PUT', body: JSON.stringify(resource) });
  if (response.ok || response.status === CONFLICT) return;
  throw new UserError(
    'START_FAILED',
    `The Pub/Sub stand-in refused ${name}: ${response.status} ${await response.text()}`,
  );
}
