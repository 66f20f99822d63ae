import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { UserError } from '@tributary/platform/errors';

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL('./request.lua', import.meta.url));
const USERS_OF_REPOSITORY = 2_000;

/** What a request asks for. */
export interface Shape {
  readonly entities: number;
  readonly features: number;
}

export interface Load {
  readonly url: string;
  readonly shape: Shape;
  readonly connections: number;
  readonly seconds: number;
}

export interface Loaded {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface LoadGenerator {
  readonly name: 'wrk' | 'autocannon';
  /** @throws {UserError} BENCH_ERRORS where a request failed: figures of errors are of no use. */
  apply(load: Load): Promise<Loaded>;
}

/** wrk where it is installed, for it takes the least of the machine that it measures; else autocannon. */
export async function loadGenerator(): Promise<LoadGenerator> {
  // wrk has no option that ends well: -v prints its version and ends with 1.
  const found = await run('wrk', ['-v']).then(
    () => true,
    (error: { code?: unknown }) => error.code !== 'ENOENT',
  );
  return found ? { name: 'wrk', apply: withWrk } : { name: 'autocannon', apply: withAutocannon };
}

const serviceOf = ({ features }: Shape): string => `f${features}`;

async function withWrk({ url, shape, connections, seconds }: Load): Promise<Loaded> {
  const args = [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--timeout',
    '30s',
    '-s',
    SCRIPT,
    `${url}/get-online-features`,
  ];
  const { stdout } = await run('wrk', args, {
    env: { ...process.env, USERS: String(shape.entities), SERVICE: serviceOf(shape) },
  });
  const numbers = (stdout.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  const [requests, micros, errors, p50, p99] = numbers as [number, number, number, number, number];
  refuseErrors(errors, url);
  return { requests, requestsPerSecond: requests / (micros / 1e6), p50Ms: p50 / 1e3, p99Ms: p99 / 1e3 };
}

async function withAutocannon({ url, shape, connections, seconds }: Load): Promise<Loaded> {
  const { default: autocannon } = await import('autocannon');
  const bodies = Array.from({ length: 200 }, () => body(shape));
  const result = await autocannon({
    url: `${url}/get-online-features`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    connections,
    duration: seconds,
    timeout: 30,
    requests: bodies.map((it) => ({ body: it })),
  });
  refuseErrors(result.errors + result.non2xx + result.timeouts, url);
  const { total, average } = result.requests;
  return { requests: total, requestsPerSecond: average, p50Ms: result.latency.p50, p99Ms: result.latency.p99 };
}

/** A request for random users. */
export function body(shape: Shape): string {
  const users = Array.from({ length: shape.entities }, () => Math.floor(Math.random() * USERS_OF_REPOSITORY));
  return JSON.stringify({ feature_service: serviceOf(shape), entities: { user_id: users } });
}

function refuseErrors(errors: number, url: string): void {
  if (errors > 0) throw new UserError('BENCH_ERRORS', `${errors} requests to ${url} failed; its log says why.`);
}
