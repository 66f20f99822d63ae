import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ROOT } from '@tributary/platform/config';
import type { Lake } from '@tributary/platform/lake';
import { createLogger } from '@tributary/platform/log';
import { type FeastServer, serve } from '../serve.ts';

/** The project's definitions, applied to a registry of a test's own. */
export async function applyDefinitions(pythonBin: string): Promise<{ registry: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-registry-'));
  const registry = join(folder, 'registry.db');
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    PROJECT_ID: 'tributary-local',
    REDIS_ADDRESS: '127.0.0.1:1',
    FEAST_REGISTRY: registry,
  };
  await promisify(execFile)(join(pythonBin, 'python'), [fileURLToPath(new URL('feast/apply.py', ROOT))], { env });
  return { registry, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A server in this process, on a free port of the loopback. Without a lake it asks for no erasures. */
export function serveForTest(environment: Readonly<Record<string, string>>, lake?: Lake): Promise<FeastServer> {
  const level = process.env.TEST_LOG_LEVEL ?? 'silent';
  return serve(
    { TRIBUTARY_ENV: 'test', HOST: '127.0.0.1', PORT: '0', ERASURES: lake ? 'follow' : 'off', ...environment },
    createLogger('test', { level }),
    lake,
  );
}

/** What a server is told of the lake that it gets in a test. */
export function lakeVariables({ PII_KEYS_FILE = '' }: Readonly<Record<string, string>>): Record<string, string> {
  const buckets = { LAKE_BUCKET: 'lake', LANDING_BUCKET: 'landing' };
  return { LAKE: 'gcs', PROJECT_ID: 'tributary-local', ...buckets, PII_KEYS_FILE };
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly headers: Headers;
}

/** POST of JSON. */
export async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
  };
}

/** A row of customer_activity as `/push` takes it. */
export function activity(customer: number, eventTimestamp: string, events: number | null) {
  const df = {
    customer_id: [customer],
    event_timestamp: [eventTimestamp],
    events_5m: [events],
    events_1h: [1],
    events_24h: [1],
    spend_5m: [0.5],
    spend_1h: [0.5],
    spend_24h: [0.5],
  };
  return { push_source_name: 'customer_activity_push', df };
}

/** Asks for `events_5m` of customers. */
export function activityOf(...customers: number[]) {
  return { features: ['customer_activity:events_5m'], entities: { customer_id: customers } };
}
