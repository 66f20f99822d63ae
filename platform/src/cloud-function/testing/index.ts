import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CloudEvent, HTTP } from 'cloudevents';
import { ROOT } from '../../config/index.ts';
import { type ChainEvent, chainMessage } from '../../events/index.ts';
import type { LakeObject } from '../../lake/port.ts';

/** A function of `functions/`, under the functions framework in a process of its own, as it runs in the cloud. */
export interface RunningFunction {
  readonly url: string;
  /** What it wrote to standard output and error. */
  log(): string;
  /** Resolves with the status of the answer. */
  post(event: CloudEvent<unknown>, mode?: 'binary' | 'structured'): Promise<number>;
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

const STARTS_WITHIN_MS = 60_000;

/**
 * The loopback under a name that the configuration does not know for it: a function that listens there wants to know who calls, as in the cloud, and nobody else can
 * reach it. https://man7.org/linux/man-pages/man3/inet_aton.3.html
 */
export const GUARDED_LOOPBACK = '127.1';

/** Starts a function and waits until it answers. */
export async function startFunction(name: string, env: Readonly<Record<string, string>>): Promise<RunningFunction> {
  const port = await freePort();
  const framework = createRequire(import.meta.url).resolve('@google-cloud/functions-framework');
  const args = [
    framework.replace(/index\.js$/, 'main.js'),
    `--source=${fileURLToPath(new URL(`functions/${name}`, ROOT))}`,
    `--target=${name}`,
    '--signature-type=cloudevent',
    `--port=${port}`,
  ];
  const child = spawn(process.execPath, args, {
    env: {
      ...{ PATH: process.env.PATH, HOME: process.env.HOME, NODE_NO_WARNINGS: '1', NODE_ENV: 'production' },
      HOST: '127.0.0.1',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const url = `http://127.0.0.1:${port}/`;
  await untilAnswers(url, child, () => output);
  return {
    url,
    log: () => output,
    async post(event, mode = 'binary') {
      const { headers, body } = HTTP[mode](event);
      const response = await fetch(url, {
        method: 'POST',
        headers: headers as Record<string, string>,
        body: body as string,
      });
      await response.text();
      return response.status;
    },
    async stop(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill(signal);
      await once(child, 'exit');
    },
  };
}

/** The event of a new object, as Eventarc sends it. */
export function objectFinalized({ bucket, name, generation, size }: LakeObject): CloudEvent<unknown> {
  const time = new Date().toISOString();
  return new CloudEvent({
    type: 'google.cloud.storage.object.v1.finalized',
    source: `//storage.googleapis.com/projects/_/buckets/${bucket}`,
    subject: `objects/${name}`,
    time,
    datacontenttype: 'application/json',
    data: {
      ...{ bucket, name, generation, metageneration: '1', size: String(size), contentType: 'application/octet-stream' },
      ...{ timeCreated: time, updated: time, etag: generation },
    },
  });
}

/** A chain event, as Eventarc sends what is on the bus. */
export function chainPublished(event: ChainEvent): CloudEvent<unknown> {
  const { data, attributes, orderingKey } = chainMessage(event);
  return new CloudEvent({
    type: 'google.cloud.pubsub.topic.v1.messagePublished',
    source: '//pubsub.googleapis.com/projects/test/topics/tributary.chain',
    datacontenttype: 'application/json',
    data: {
      message: {
        data: data.toString('base64'),
        attributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value])),
        messageId: event.event_id,
        publishTime: event.time,
        orderingKey,
      },
      subscription: 'projects/test/subscriptions/test',
    },
  });
}

async function untilAnswers(url: string, child: ChildProcess, log: () => string): Promise<void> {
  const deadline = Date.now() + STARTS_WITHIN_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the function ended as it started: ${log()}`);
    if (Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`the function did not answer within ${STARTS_WITHIN_MS / 1_000} s: ${log()}`);
    }
    try {
      if ((await fetch(url)).ok) return;
    } catch {
      await delay(100);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
