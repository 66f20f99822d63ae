import type { Component } from '../supervisor/component.ts';
import { checkpointFolder, flinkRest, PIPELINE_JAR_ID } from './flink.ts';
import { nodeService } from './node-service.ts';

/** Keeps the streaming pipeline submitted: what Dataflow's service does for a job. Ready when the job runs. */
export const pipeline: Component = {
  ...nodeService({
    name: 'pipeline',
    needs: ['flink-taskmanager', 'kafka', 'minio'],
    program: 'local-emulator/src/pipeline-keeper/main.ts',
    summary: 'keeps the Beam pipeline running on Flink',
    health: '/healthz',
    env: (machine) => ({
      FLINK_REST_URL: flinkRest(machine),
      PIPELINE_JAR_ID,
      CHECKPOINT_DIR: checkpointFolder(machine),
    }),
  }),
  readyWithinSeconds: 240,
};
