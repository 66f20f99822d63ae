import type { Component } from '../supervisor/component.ts';
import { nodeService } from './node-service.ts';
import { pipeline } from './pipeline.ts';

/** Carries messages between Pub/Sub and the Kafka that the pipeline on Flink reads. */
export const pipelineRelay: Component = nodeService({
  name: 'pipeline-relay',
  needs: ['pubsub', 'kafka'],
  program: 'local-emulator/src/pipeline-relay/main.ts',
  summary: 'relays between Pub/Sub and Kafka for the pipeline',
});

/** The pipeline where the bus is Pub/Sub. */
export const relayedPipeline: Component = {
  ...pipeline,
  needs: ['flink-taskmanager', 'kafka', 'fake-gcs', 'pipeline-relay'],
  start(machine) {
    const spec = pipeline.start(machine);
    return { ...spec, env: { ...spec.env, BUS: 'kafka' } };
  },
};
