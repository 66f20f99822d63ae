/** What tools.sh does on a laptop, over the ports of the platform and with the environment of a running instance. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createBus } from '@tributary/platform/bus';
import { readConfigFrom } from '@tributary/platform/config';
import { chainMessage, parseChainEvent } from '@tributary/platform/events';
import { createJobs } from '@tributary/platform/jobs';
import { createLake } from '@tributary/platform/lake';
import { createWarehouse } from '@tributary/platform/warehouse';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';

const [state, command, ...args] = process.argv.slice(2);
const env = { LOG_LEVEL: 'warn', ...JSON.parse(readFileSync(join(state, 'secrets', 'environment.json'), 'utf8')) };

const commands = {
  address(name) {
    const { components } = JSON.parse(readFileSync(join(state, 'status.json'), 'utf8'));
    const found = components.find((component) => component.name === name);
    if (!found?.url) throw new Error(`${name} has no address; there are ${components.map((it) => it.name).join(', ')}`);
    print(found.url);
  },

  async sql(query) {
    for (const row of await warehouse().query(query)) {
      // BigQuery's client wraps times, and numerics, in objects.
      print(JSON.stringify(row, (_key, value) => value?.value ?? value));
    }
  },

  async db(query) {
    const { host, port, user, password, database } = readConfigFrom(env, 'postgres').postgres;
    const client = new pg.Client({ host, port, user, password, database, connectionTimeoutMillis: 5_000 });
    await client.connect();
    try {
      const { rows, command: done, rowCount } = await client.query(query);
      for (const row of rows) print(JSON.stringify(row));
      if (rows.length === 0) print(`${done} ${rowCount ?? 0}`);
    } finally {
      await client.end();
    }
  },

  async lake_ls(prefix = '') {
    for await (const object of lake().list(env.LAKE_BUCKET, prefix)) print(object.name);
  },

  async lake_cat(name) {
    process.stdout.write((await readObject(name)).body);
  },

  async lake_cp(name, newName) {
    const { body } = await readObject(name);
    await lake().write(env.LAKE_BUCKET, newName, body, { ifAbsent: true });
  },

  async backlog(topic, groupId) {
    const name = env.TOPIC_PREFIX + topic;
    const admin = new Kafka({ brokers: env.KAFKA_BROKERS.split(','), logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    try {
      const ends = await admin.fetchTopicOffsets(name);
      const [group] = await admin.fetchOffsets({ groupId, topics: [name] });
      for (const { partition, low, high } of ends) {
        const committed = Number(group?.partitions.find((it) => it.partition === partition)?.offset ?? -1);
        print(`partition ${partition}: ${Number(high) - Math.max(committed, Number(low))} of ${high} not acknowledged`);
      }
    } finally {
      await admin.disconnect();
    }
  },

  async republish(eventId) {
    const params = { eventId };
    const [row] = await warehouse().query('SELECT payload FROM ops.events WHERE event_id = @eventId LIMIT 1', {
      params,
    });
    if (!row) throw new Error(`ops.events has no event ${eventId}`);
    const bus = createBus(readConfigFrom(env, 'bus').bus);
    await bus.publish('chain', [chainMessage(parseChainEvent(row.payload))]);
    await bus.close();
  },

  async put_online(views) {
    const jobs = createJobs(readConfigFrom(env, 'jobs').jobs);
    const run = `by-hand-${Date.now()}`;
    const execution = await jobs.start(
      'feast',
      ['--views', views, '--manifest', run, '--attempt', '1', '--run-id', run, '--cause', run],
      {},
    );
    let state = await jobs.state(execution);
    for (; state === 'running'; state = await jobs.state(execution)) await delay(500);
    print(`${execution.split('/').at(-1)} ${state}`);
    if (state !== 'succeeded') throw new Error(`npm run logs -- cloud-run-jobs says why`);
  },

  async push_mart(name) {
    const group = pushedView(name);
    const key = group.entity.joinKey;
    const features = group.features.map((feature) => feature.name);
    const rows = await warehouse().query(
      `SELECT ${[key, 'event_timestamp', ...features].join(', ')} FROM marts.${group.mart} WHERE TRUE
       QUALIFY ROW_NUMBER() OVER (PARTITION BY ${key} ORDER BY event_timestamp DESC) = 1`,
    );
    for (let from = 0; from < rows.length; from += ROWS_PER_PUSH) {
      const batch = rows.slice(from, from + ROWS_PER_PUSH);
      const column = (of) => batch.map(of);
      const df = {
        [key]: column((row) => featureValue(row[key], group.entity)),
        event_timestamp: column((row) => row.event_timestamp),
        ...Object.fromEntries(group.features.map((it) => [it.name, column((row) => featureValue(row[it.name], it))])),
      };
      const answer = await fetch(`${env.FEAST_SERVER_URL}/push`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ push_source_name: group.push_source, df, to: 'online' }),
      });
      if (!answer.ok) throw new Error(`the feature server refused rows: HTTP ${answer.status} ${await answer.text()}`);
    }
    print(`${rows.length} rows of ${name} offered; one that is newer online stays`);
  },
};

/** Below the feature server's MAX_BODY_BYTES by far. */
const ROWS_PER_PUSH = 1_000;

function pushedView(name) {
  const { groups } = JSON.parse(
    readFileSync(new URL('../../features/generated/features.json', import.meta.url), 'utf8'),
  );
  const found = groups.find((group) => group.name === name);
  if (!found) throw new Error(`${name} is not pushed; ${groups.map((group) => group.name).join(', ')} is`);
  return found;
}

/** NUMERIC comes as text; a feature of it is a double. */
const featureValue = (value, { type }) => (value === null || type === 'STRING' ? value : Number(value));

const lake = () => createLake(readConfigFrom(env, 'lake').lake);
const warehouse = () => createWarehouse(readConfigFrom(env, 'warehouse').warehouse);
const print = (line) => process.stdout.write(`${line}\n`);

async function readObject(name) {
  const found = await lake().read(env.LAKE_BUCKET, name);
  if (!found) throw new Error(`the lake has no object ${name}`);
  return found;
}

try {
  await commands[command](...args);
} catch (error) {
  process.stderr.write(`${command}: ${error.message}\n`);
  process.exitCode = 1;
}
