import { once } from 'node:events';
import { createServer, request as forward, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { GcsLake } from './gcs.ts';
import { describeLake } from './testing/contract.ts';

/**
 * The adapter of Cloud Storage against fake-gcs-server. What that does not do as Cloud Storage does:
 *
 * - `ifGenerationMatch` is honoured on writes, which is all that the adapter sends it with; on removals and copies it is ignored, and nothing here relies on it.
 * - A missing bucket and a missing object are the same 404 to reads and removals; Cloud Storage words them differently, which is tested on its wording below.
 * - It never answers 429; a stand-in between them does.
 * - Everybody may do everything: that credentials are sent is the client's business, and not tested here.
 */
describe('the lake on Cloud Storage', () => {
  let stack: TestStack;
  let lake: GcsLake;
  let bucket: string;
  let between: Between;

  beforeAll(async () => {
    stack = await startComponents(['fake-gcs'], { needs: false });
    bucket = stack.env.LAKE_BUCKET!;
    between = new Between(stack.machine.port('fake-gcs'));
    lake = new GcsLake({ projectId: 'test', endpoint: `http://127.0.0.1:${stack.machine.port('fake-gcs')}` });
  }, 300_000);

  afterAll(async () => {
    await stack?.stop();
  }, 60_000);

  afterEach(() => between.close());

  describeLake('Cloud Storage', () => ({
    ...{ lake, bucket, knowsMissingBuckets: false },
    away: new GcsLake({ projectId: 'test', endpoint: 'http://127.0.0.1:9' }),
  }));

  test('every conditional write is one request that names a generation, and others name none', async () => {
    const seen = await between.lake();
    const first = await seen.write(bucket, 'request', 'one', { ifAbsent: true });
    await seen.write(bucket, 'request', 'two', { ifMatch: first.token });
    await seen.write(bucket, 'request', 'three');
    const writes = between.requests.filter(({ method }) => method === 'POST');
    expect(writes.map(({ query }) => query.get('ifGenerationMatch'))).toEqual(['0', first.generation, null]);
    expect(writes.map(({ query }) => query.get('uploadType'))).toEqual(['multipart', 'multipart', 'multipart']);
  });

  test('content is read of the generation that was looked up, never mixed with a newer one', async () => {
    const seen = await between.lake();
    const { generation } = await lake.write(bucket, 'pinned', 'one');
    await seen.read(bucket, 'pinned');
    expect(between.requests.map(({ query }) => query.get('generation'))).toEqual([null, generation]);
  });

  test('a conditional write that the store did not take up is sent again, and one without an answer is not', async () => {
    const seen = await between.lake();
    between.answers = [429, 429];
    await seen.write(bucket, 'busy', 'x', { ifAbsent: true });
    expect(String((await lake.read(bucket, 'busy'))!.body)).toBe('x');
    expect(between.requests).toHaveLength(3);
    between.answers = [503];
    const write = seen.write(bucket, 'lost', 'x', { ifAbsent: true });
    await expect(write).rejects.toMatchObject({ code: 'LAKE_UNAVAILABLE', class: 'transient' });
    expect(between.requests).toHaveLength(4);
  });

  test('a missing bucket is told from a missing object by what Cloud Storage says, whatever the bucket is called', async () => {
    const seen = await between.lake();
    between.says = 'The specified bucket does not exist.';
    between.answers = [404];
    await expect(seen.read('a', 'b')).rejects.toMatchObject({ code: 'LAKE_BUCKET_MISSING', class: 'user' });
    between.says = 'No such object: my-bucket/b';
    between.answers = [404];
    expect(await seen.read('my-bucket', 'b')).toBeUndefined();
  });

  test('a refusal is an error of the user', async () => {
    const seen = await between.lake();
    between.answers = [403];
    await expect(seen.write(bucket, 'a', 'x')).rejects.toMatchObject({ code: 'LAKE_FORBIDDEN', class: 'user' });
  });
});

/** Stands between the adapter and the server: keeps what was asked, and answers the first requests itself. */
class Between {
  readonly requests: { method: string; query: URLSearchParams }[] = [];
  /** Statuses of the next answers that do not come from the server. */
  answers: number[] = [];
  says = 'as the test wants it';
  readonly #port: number;
  #server: Server | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** The adapter, with this in between. */
  async lake(): Promise<GcsLake> {
    this.requests.length = 0;
    this.#server = createServer((incoming, outgoing) => {
      const { searchParams } = new URL(incoming.url!, 'http://server');
      this.requests.push({ method: incoming.method!, query: searchParams });
      const status = this.answers.shift();
      if (status !== undefined) {
        incoming.resume().on('end', () => {
          outgoing.writeHead(status, { 'content-type': 'application/json' });
          outgoing.end(JSON.stringify({ error: { code: status, message: this.says, errors: [] } }));
        });
        return;
      }
      const { url, method, headers } = incoming;
      const passed = forward({ host: '127.0.0.1', port: this.#port, path: url, method, headers });
      passed.on('response', (answer: IncomingMessage) => {
        outgoing.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(outgoing);
      });
      incoming.pipe(passed);
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = this.#server.address() as AddressInfo;
    return new GcsLake({ projectId: 'test', endpoint: `http://127.0.0.1:${port}` });
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
