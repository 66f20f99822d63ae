import { minioClient } from '@tributary/local-emulator/components/minio';
import type { TestStack } from '@tributary/local-emulator/testing';
import { ensureTopics } from '@tributary/platform/bus';
import { readConfigFrom } from '@tributary/platform/config';
import { TransientError } from '@tributary/platform/errors';
import type { Client } from 'minio';
import { fillTopic } from './load/fill-topic.ts';
import type { Expected } from './load/shop-changes.ts';
import { startStack } from './stack.ts';

const TOPIC_ATTEMPTS = 5;

/** A topic full of changes, and what must come of it. */
export interface Backlog extends Expected {
  readonly events: number;
  readonly topicPrefix: string;
}

/** Kafka and MinIO, shared by all runs: every contestant reads the same messages, each run has a bucket of its own. */
export class Infrastructure {
  readonly minio: Client;
  readonly #stack: TestStack;
  #buckets = 0;

  private constructor(stack: TestStack) {
    this.#stack = stack;
    this.minio = minioClient(stack.machine);
  }

  static async start(): Promise<Infrastructure> {
    return new Infrastructure(await startStack(['kafka', 'minio']));
  }

  get brokers(): string {
    return this.#stack.env.KAFKA_BROKERS ?? '';
  }

  /** How jobs reach MinIO. */
  get s3(): { readonly endpoint: string; readonly accessKey: string; readonly secretKey: string } {
    const { minioAccessKey, minioSecretKey } = this.#stack.machine.secrets;
    return { endpoint: this.#stack.env.MINIO_ENDPOINT ?? '', accessKey: minioAccessKey, secretKey: minioSecretKey };
  }

  get pipelineJar(): string {
    return this.#stack.machine.tools.pipelineJar;
  }

  /** An empty bucket that nobody is told of. */
  async emptyBucket(): Promise<string> {
    this.#buckets += 1;
    const bucket = `bench-${this.#buckets}`;
    await this.minio.makeBucket(bucket);
    return bucket;
  }

  /** Topics under a prefix of their own, the changes topic filled. */
  async backlog(events: number): Promise<Backlog> {
    const topicPrefix = `bench-${events}.`;
    const { bus } = readConfigFrom({ ...this.#stack.env, TOPIC_PREFIX: topicPrefix }, 'bus');
    // A broker that is busy may answer for a topic before it hosts it; what was made by then stays.
    for (let attempt = 1; ; attempt++) {
      try {
        await ensureTopics(bus);
        break;
      } catch (error) {
        if (!(error instanceof TransientError) || attempt === TOPIC_ATTEMPTS) throw error;
      }
    }
    process.stdout.write(`Filling Kafka with ${events.toLocaleString('en')} changes …\n`);
    const { megabytes, seconds, ...expected } = await fillTopic(this.brokers, `${topicPrefix}changes`, events);
    process.stdout.write(
      `  ${expected.messages.toLocaleString('en')} messages, ${expected.duplicates.toLocaleString('en')} of them duplicates, ${expected.deadLetters} bad, ${Math.round((megabytes * 2 ** 20) / expected.messages)} bytes each, in ${seconds.toFixed(0)} s\n`,
    );
    return { ...expected, events, topicPrefix };
  }

  async stop(): Promise<void> {
    await this.#stack.stop();
  }
}
