import { functionUrl, PUSHED, TICK_SECONDS } from './event-chain.ts';
import { nodeService } from './node-service.ts';
import { pubsubRest } from './pubsub.ts';
import { PubSubResources } from './pubsub-resources.ts';

/** Pub/Sub's push, and Cloud Scheduler. */
export const pubsubPush = nodeService({
  name: 'pubsub-push',
  needs: ['pubsub', 'fake-gcs', ...new Set(PUSHED.map((each) => `function-${each.function}`))],
  program: 'local-emulator/src/pubsub-push/main.ts',
  summary: "delivers the bus's messages to functions (push subscriptions)",
  env(machine) {
    const resources = new PubSubResources(machine.env().PROJECT_ID ?? '', machine.env().TOPIC_PREFIX ?? '');
    return {
      PUBSUB_REST_URL: pubsubRest(machine),
      TICK_SECONDS: String(TICK_SECONDS),
      PUSHES: JSON.stringify(
        PUSHED.map((each) => ({
          subscription: resources.subscription(each.topic, each.function),
          endpoint: functionUrl(machine, each.function),
          ticks: each.types?.includes('sweep.tick') ?? false,
        })),
      ),
    };
  },
});
