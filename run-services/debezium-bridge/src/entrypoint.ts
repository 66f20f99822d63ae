import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readConfig, readEnvironment } from '@tributary/platform/config';
import { UserError } from '@tributary/platform/errors';
import { createLogger } from '@tributary/platform/log';
import { type Program, runPair } from './pair.ts';

/** Where Maven leaves it, and where the image has it. */
const ENGINE_JAR = fileURLToPath(new URL('../engine/target/debezium-engine.jar', import.meta.url));
const READY_WITHIN_MS = 30_000;

/** The container's one process: the bridge, and the engine that posts to it. */
async function main(): Promise<void> {
  const log = createLogger('change-capture');
  try {
    const { http, postgres } = readConfig('http', 'postgres');
    const stop = new AbortController();
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
    const bridge: Program = {
      name: 'bridge',
      command: process.execPath,
      args: [fileURLToPath(new URL('main.ts', import.meta.url))],
      env: process.env,
    };
    const engine: Program = {
      name: 'debezium-engine',
      command: 'java',
      args: [
        '-Xmx256m',
        '-XX:+UseSerialGC',
        '-XX:TieredStopAtLevel=1',
        '-XX:+ExitOnOutOfMemoryError',
        '-jar',
        ENGINE_JAR,
      ],
      env: {
        ...readEnvironment(),
        PGHOST: postgres.host,
        PGPORT: String(postgres.port),
        PGUSER: postgres.user,
        PGPASSWORD: postgres.password,
        PGDATABASE: postgres.database,
        BRIDGE_URL: `http://127.0.0.1:${http.port}/batches`,
      },
    };
    const asked = await runPair(bridge, engine, {
      ready: (over) => untilHealthy(http.port, over),
      stop: stop.signal,
      log,
    });
    process.exitCode = asked ? 0 : 1;
  } catch (error) {
    log.fatal({ err: error }, error instanceof UserError ? error.message : 'change capture ended');
    process.exitCode = 1;
  }
}

async function untilHealthy(port: number, over: AbortSignal): Promise<void> {
  const deadline = AbortSignal.any([over, AbortSignal.timeout(READY_WITHIN_MS)]);
  while (!deadline.aborted) {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: deadline }).catch(() => undefined);
    if (answer?.ok) return;
    await delay(100, undefined, { signal: deadline }).catch(() => {});
  }
  throw new Error(`waited ${READY_WITHIN_MS / 1_000} s for the bridge to answer on port ${port}`);
}

await main();
