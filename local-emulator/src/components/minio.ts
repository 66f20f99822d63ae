import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadLifecycle } from '@tributary/platform/contracts';
import { Client, NotificationConfig, QueueConfig } from 'minio';
import type { Component, Machine } from '../supervisor/component.ts';
import { answers } from './http-probe.ts';
import { setLifecycle } from './minio-lifecycle.ts';

/**
 * Two targets on each bucket: one posts at once and forgets, one keeps what could not be posted in a folder and tries again every three seconds. Together
 * an arrival is told within milliseconds and never lost; the receiver drops the second telling.
 */
const PROMPT_TARGET = 'PROMPT';
const DURABLE_TARGET = 'DURABLE';

/** The lake and the landing bucket. */
export const minio: Component = {
  name: 'minio',
  needs: [],
  ports: ['minio'],
  stop: { signal: 'SIGTERM', graceSeconds: 10 },
  readyWithinSeconds: 60,

  async prepare(machine) {
    mkdirSync(join(machine.state, 'minio', 'data'), { recursive: true });
    mkdirSync(join(machine.state, 'minio', 'queue'), { recursive: true });
  },

  start(machine) {
    const endpoint = `http://127.0.0.1:${machine.port('eventarc')}/minio-events`;
    const token = `Bearer ${machine.secrets.webhookToken}`;
    return {
      command: machine.tools.minio,
      args: [
        'server',
        '--quiet',
        '--address',
        `127.0.0.1:${machine.port('minio')}`,
        join(machine.state, 'minio', 'data'),
      ],
      env: {
        MINIO_ROOT_USER: machine.secrets.minioAccessKey,
        MINIO_ROOT_PASSWORD: machine.secrets.minioSecretKey,
        MINIO_BROWSER: 'off',
        GOMEMLIMIT: '256MiB',
        [`MINIO_NOTIFY_WEBHOOK_ENABLE_${PROMPT_TARGET}`]: 'on',
        [`MINIO_NOTIFY_WEBHOOK_ENDPOINT_${PROMPT_TARGET}`]: endpoint,
        [`MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_${PROMPT_TARGET}`]: token,
        [`MINIO_NOTIFY_WEBHOOK_ENABLE_${DURABLE_TARGET}`]: 'on',
        [`MINIO_NOTIFY_WEBHOOK_ENDPOINT_${DURABLE_TARGET}`]: endpoint,
        [`MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_${DURABLE_TARGET}`]: token,
        [`MINIO_NOTIFY_WEBHOOK_QUEUE_DIR_${DURABLE_TARGET}`]: join(machine.state, 'minio', 'queue'),
        [`MINIO_NOTIFY_WEBHOOK_QUEUE_LIMIT_${DURABLE_TARGET}`]: '100000',
      },
    };
  },

  ready: (machine) => answers(`http://127.0.0.1:${machine.port('minio')}/minio/health/ready`),

  async furnish(machine) {
    const client = minioClient(machine);
    const env = machine.env();
    // Of the lake only what functions take: telling of every lease that is renewed would cost more than the work itself.
    const { buckets } = loadLifecycle();
    for (const [bucket, prefix, { lifecycle }] of [
      [env.LAKE_BUCKET ?? '', 'processed/', buckets.lake],
      [env.LANDING_BUCKET ?? '', 'landing/', buckets.landing],
    ] as const) {
      if (!(await client.bucketExists(bucket))) await client.makeBucket(bucket);
      const config = new NotificationConfig();
      for (const target of [PROMPT_TARGET, DURABLE_TARGET]) {
        const queue = new QueueConfig(`arn:minio:sqs::${target}:webhook`);
        queue.addEvent('s3:ObjectCreated:*');
        queue.addFilterPrefix(prefix);
        config.add(queue);
      }
      await client.setBucketNotification(bucket, config);
      await setLifecycle(client, bucket, lifecycle.rule);
    }
  },

  describe: (machine) => ({
    summary: 'lake and landing buckets (S3 API)',
    url: `http://127.0.0.1:${machine.port('minio')}`,
  }),
};

/** An S3 client of the instance's MinIO. */
export function minioClient(machine: Machine): Client {
  return new Client({
    endPoint: '127.0.0.1',
    port: machine.port('minio'),
    useSSL: false,
    accessKey: machine.secrets.minioAccessKey,
    secretKey: machine.secrets.minioSecretKey,
  });
}
