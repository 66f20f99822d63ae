import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { everyPartition, type Warehouse } from '@tributary/platform/warehouse';
import { parquetReadObjects } from 'hyparquet';
import { Kafka, logLevel } from 'kafkajs';
import type { Client } from 'minio';

/** Folders of an instance in which clear values may stand: the application's own database, and the secrets. */
const OUTSIDE_THE_SEARCH = new Set(['postgres', 'secrets']);

/**
 * Looks for texts in everything that the platform keeps after the bridge: every file of the instance (logs, Kafka's and Redis's files, Flink's state),
 * every object of the lake with its Parquet columns unpacked, every message of every topic unpacked, and every row of every table.
 *
 * @returns the places where one was found, empty when none was
 */
export async function searchEverywhere(
  texts: readonly string[],
  where: {
    state: string;
    lake: Client;
    buckets: readonly string[];
    brokers: string;
    warehouse: Warehouse;
    tables: readonly string[];
  },
): Promise<string[]> {
  const found: string[] = [];
  const look = (place: string, content: Buffer | string): void => {
    for (const [index, text] of texts.entries()) if (content.includes(text)) found.push(`text ${index} in ${place}`);
  };
  for (const file of files(where.state)) look(`file ${relative(where.state, file)}`, readFileSync(file));
  for (const bucket of where.buckets) await searchBucket(where.lake, bucket, look);
  await searchTopics(where.brokers, look);
  for (const table of where.tables) {
    const rows = await where.warehouse.query<{ row: string }>(
      `SELECT TO_JSON_STRING(t) AS \`row\` FROM ${table} AS t${everyPartition(table)}`,
    );
    for (const { row } of rows) look(`table ${table}`, String(row));
  }
  return found;
}

function* files(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!OUTSIDE_THE_SEARCH.has(entry.name)) yield* files(path);
    } else if (entry.isFile() && statSync(path).size > 0) {
      yield path;
    }
  }
}

async function searchBucket(
  lake: Client,
  bucket: string,
  look: (place: string, content: Buffer | string) => void,
): Promise<void> {
  for await (const object of lake.listObjectsV2(bucket, '', true)) {
    const chunks: Buffer[] = [];
    for await (const chunk of await lake.getObject(bucket, object.name ?? '')) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const place = `object ${bucket}/${object.name}`;
    look(place, body);
    if (!object.name?.endsWith('.parquet')) continue;
    const file = new ArrayBuffer(body.byteLength);
    new Uint8Array(file).set(body);
    const rows = await parquetReadObjects({ file, utf8: true });
    for (const row of rows) {
      for (const value of Object.values(row))
        look(place, value instanceof Uint8Array ? Buffer.from(value) : String(value));
    }
  }
}

async function searchTopics(brokers: string, look: (place: string, content: Buffer | string) => void): Promise<void> {
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => !topic.startsWith('__'));
  const left = new Map<string, number>();
  for (const topic of topics) {
    for (const { partition, low, high } of await admin.fetchTopicOffsets(topic))
      if (Number(high) > Number(low)) left.set(`${topic}/${partition}`, Number(high));
  }
  const groupId = `search-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId });
  await consumer.connect();
  await consumer.subscribe({ topics, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    if (left.size === 0) resolve();
    consumer
      .run({
        autoCommit: false,
        eachBatch: async ({ batch }) => {
          const key = `${batch.topic}/${batch.partition}`;
          for (const message of batch.messages) {
            look(`topic ${key}`, message.value ?? '');
            look(`topic ${key}`, message.key ?? '');
            for (const header of Object.values(message.headers ?? {})) look(`topic ${key}`, String(header));
          }
          if (Number(batch.lastOffset()) >= (left.get(key) ?? 0) - 1) left.delete(key);
          if (left.size === 0) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  await admin.disconnect();
}
