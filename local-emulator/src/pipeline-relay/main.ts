import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { createBus, type ManagedBus, type Topic } from '@tributary/platform/bus';
import { readConfig, readConfigFrom, readEnvironment } from '@tributary/platform/config';
import { UserError } from '@tributary/platform/errors';
import { createLogger } from '@tributary/platform/log';

/** The pipeline's subscriptions on Pub/Sub, and its place on Kafka's topic of features. */
const PIPELINE_GROUP = 'pipeline';
const RELAY_GROUP = 'pipeline-relay';

const CLOSE_LIMIT_MS = 5_000;

/**
 * Stands between Pub/Sub and the pipeline on Flink, which reads and writes Kafka: what the pipeline's subscriptions have goes to Kafka's topics of the same names,
 * and its feature rows to Pub/Sub's. On Dataflow the pipeline reads Pub/Sub itself. docs/cloud-locally.md says why it does not on Flink.
 *
 * A message is acknowledged on the one side once it was on the other: a kill repeats messages and loses none, and the pipeline drops what comes twice.
 */
const log = createLogger('pipeline-relay');
try {
  const { http } = readConfig('http');
  const [pubsub, kafka] = (['pubsub', 'kafka'] as const).map((adapter) =>
    createBus(readConfigFrom({ ...readEnvironment(), BUS: adapter }, 'bus').bus),
  ) as [ManagedBus, ManagedBus];
  const relay = (topic: Topic, from: ManagedBus, group: string, to: ManagedBus) =>
    from.subscribe(topic, group, (batch) => to.publish(topic, batch));

  await Promise.all([
    relay('changes', pubsub, PIPELINE_GROUP, kafka),
    relay('dead-letter', pubsub, PIPELINE_GROUP, kafka),
    relay('features', kafka, RELAY_GROUP, pubsub),
  ]);
  const server = createServer((_request, response) => response.writeHead(200).end('ok'));
  server.listen(http.port, http.host);
  log.info('ready');

  const close = async (): Promise<void> => {
    server.close();
    // What does not end in time is relayed again by the next process.
    await Promise.race([Promise.all([pubsub.close(), kafka.close()]).catch(() => {}), delay(CLOSE_LIMIT_MS)]);
    process.exit(0);
  };
  process.on('SIGTERM', close);
  process.on('SIGINT', close);
} catch (error) {
  log.fatal({ err: error }, 'the relay cannot start');
  process.exit(error instanceof UserError ? 2 : 1);
}
