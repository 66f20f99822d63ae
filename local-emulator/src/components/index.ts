import { type Adapters, LAPTOP } from '../instance/adapters.ts';
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
import { pipelineRelay, relayedPipeline } from './pipeline-relay.ts';
import { postgres } from './postgres.ts';
import { pubsub } from './pubsub.ts';
import { pubsubPush } from './pubsub-push.ts';
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

/** What stands in the place of a component where the lake is in Cloud Storage and the bus is Pub/Sub. */
const INSTEAD: ReadonlyMap<string, Component> = new Map([
  ['kafka', pubsub],
  ['minio', fakeGcs],
  ['eventarc', pubsubPush],
  ['pipeline', relayedPipeline],
]);

/** And what there is beside: the pipeline's own bus. */
const BESIDE: readonly Component[] = [kafka, pipelineRelay];

/** The components of an instance on these adapters. */
export function componentsFor(adapters: Adapters): readonly Component[] {
  if (adapters.lake === 'minio') return COMPONENTS;
  const needed = (name: string): string => INSTEAD.get(name)?.name ?? name;
  const replaced = COMPONENTS.map(
    (component) => INSTEAD.get(component.name) ?? { ...component, needs: component.needs.map(needed) },
  );
  return [...replaced, ...BESIDE];
}

/** The named components together with everything they need, in their order above. */
export function withNeeds(names: readonly string[], adapters: Adapters = LAPTOP): Component[] {
  const own = componentsFor(adapters);
  // Tests start the other pair's by name, too.
  const all = [
    ...own,
    ...[...COMPONENTS, ...INSTEAD.values()].filter(({ name }) => !own.some((each) => each.name === name)),
  ];
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
