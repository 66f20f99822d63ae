import type { Component } from '../supervisor/component.ts';
import { bigquery } from './bigquery.ts';
import { bridge, debeziumEngine } from './change-capture.ts';
import { cloudFunctions, cloudRunJobs, eventarc } from './event-chain.ts';
import { fakeGcs } from './fake-gcs.ts';
import { feastServer } from './feature-serving.ts';
import { flinkJobManager, flinkTaskManager } from './flink.ts';
import { kafka } from './kafka.ts';
import { metrics } from './metrics.ts';
import { minio } from './minio.ts';
import { pipeline } from './pipeline.ts';
import { postgres } from './postgres.ts';
import { redis } from './redis.ts';
import { warehouseApi } from './warehouse-api.ts';

/** The whole local cloud, in the order people think of it: source, bus, pipeline, lake, chain, warehouse, features. */
export const COMPONENTS: readonly Component[] = [
  postgres,
  debeziumEngine,
  bridge,
  kafka,
  flinkJobManager,
  flinkTaskManager,
  pipeline,
  minio,
  eventarc,
  ...cloudFunctions,
  cloudRunJobs,
  bigquery,
  warehouseApi,
  redis,
  feastServer,
  metrics,
];

/** Part of no instance: tests start them by name. */
const FOR_TESTS: readonly Component[] = [fakeGcs];

/** The named components together with everything they need, in their order above. */
export function withNeeds(names: readonly string[]): Component[] {
  const all = [...COMPONENTS, ...FOR_TESTS];
  const wanted = new Set<string>();
  const add = (name: string): void => {
    const component = all.find((candidate) => candidate.name === name);
    if (component === undefined)
      throw new Error(
        `There is no component "${name}"; there are ${COMPONENTS.map((candidate) => candidate.name).join(', ')}.`,
      );
    if (wanted.has(name)) return;
    wanted.add(name);
    component.needs.forEach(add);
  };
  names.forEach(add);
  return all.filter((component) => wanted.has(component.name));
}
