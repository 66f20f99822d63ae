import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Component, Machine } from '../supervisor/component.ts';
import type { Toolchain } from '../toolchain/toolchain.ts';
import { type Adapters, LAPTOP } from './adapters.ts';
import { assignPorts } from './ports.ts';
import { ensureSecrets } from './secrets.ts';

/** The repository's folder. */
export const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** Seconds the chain waits for loads to stop before it transforms; short, because somebody is watching. */
const LOCAL_SETTLE_SECONDS = '3';

/** Picks ports and secrets and puts together the environment that components share. */
export async function createMachine(
  instance: string,
  state: string,
  components: readonly Component[],
  tools: Toolchain,
  adapters: Adapters = LAPTOP,
): Promise<{ machine: Machine; ports: Record<string, number> }> {
  const secrets = ensureSecrets(state);
  const ports = await assignPorts(
    state,
    components.flatMap((component) => component.ports),
  );
  const url = (name: string): string => (ports[name] === undefined ? '' : `http://127.0.0.1:${ports[name]}`);
  const address = (name: string): string => (ports[name] === undefined ? '' : `127.0.0.1:${ports[name]}`);
  const all: Record<string, string> = {
    TRIBUTARY_ENV: 'local',
    PROJECT_ID: 'tributary-local',
    GOOGLE_CLOUD_PROJECT: 'tributary-local',
    LOCATION: 'us-central1',
    LAKE: adapters.lake,
    LAKE_BUCKET: 'tributary-lake',
    LANDING_BUCKET: 'tributary-landing',
    GCS_ENDPOINT: url('fake-gcs'),
    MINIO_ENDPOINT: url('minio'),
    MINIO_ACCESS_KEY: secrets.minioAccessKey,
    MINIO_SECRET_KEY: secrets.minioSecretKey,
    BUS: adapters.bus,
    KAFKA_BROKERS: address('kafka'),
    PUBSUB_ENDPOINT: address('pubsub'),
    PUBSUB_REST_URL: url('pubsub-rest'),
    TOPIC_PREFIX: 'tributary.',
    BIGQUERY_ENDPOINT: url('bigquery'),
    BIGQUERY_LOCATION: 'US',
    MAX_BYTES_BILLED: '10000000000',
    RUN_ENDPOINT: address('cloud-run-jobs'),
    PIPELINE_LAUNCHER: 'flink',
    FLINK_REST_URL: url('flink-rest'),
    PIPELINE_JAR_ID: 'tributary-pipeline.jar',
    FEAST_SERVER_URL: url('feast-server'),
    FEAST_REGISTRY: join(state, 'feast', 'registry.db'),
    REDIS_ADDRESS: address('redis'),
    PII_KEYS_FILE: secrets.piiKeysFile,
    PGHOST: '127.0.0.1',
    PGPORT: String(ports.postgres ?? ''),
    PGUSER: 'postgres',
    PGPASSWORD: secrets.postgresPassword,
    PGDATABASE: 'app',
    METRICS: ports.metrics === undefined ? 'none' : 'otlp',
    METRICS_ENDPOINT: url('metrics'),
    SETTLE_SECONDS: LOCAL_SETTLE_SECONDS,
    WORK_DIR: join(state, 'work'),
    PATH: `${tools.pythonBin}:${process.env.PATH ?? ''}`,
  };
  const env = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
  const machine: Machine = {
    instance,
    root: ROOT,
    state,
    tools,
    secrets,
    port(name) {
      const port = ports[name];
      if (port === undefined) throw new Error(`No component of instance ${instance} listens on "${name}".`);
      return port;
    },
    env: () => ({ ...env }),
  };
  return { machine, ports };
}
