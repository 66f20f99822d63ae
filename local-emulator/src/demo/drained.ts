import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '@tributary/platform/errors';
import { inspectCommits } from '@tributary/platform/group-commit';
import { Client } from 'pg';
import type { DemoContext } from './context.ts';
import type { LayerContent } from './lake-content.ts';
import type { TopicContent } from './topic-ids.ts';

/** When nothing at all has moved for this long, something is stuck and waiting longer will not help. */
const STALL_LIMIT_MS = 5 * 60_000;
const POLL_MS = 700;

/** One thing that must hold before every change can be said to be online, in the order in which changes pass. */
interface Stage {
  readonly name: string;
  /** Undefined when it holds, else what is still missing: shown to the person who waits, and compared to see progress. */
  check(): Promise<string | undefined>;
}

export interface DrainResult {
  readonly topic: TopicContent;
  readonly raw: LayerContent;
  readonly processed: LayerContent;
  readonly deadLetters: LayerContent;
  readonly secondsByStage: ReadonlyMap<string, number>;
}

/**
 * Waits until the last change has passed every stage.
 *
 * Drained means: Debezium has passed the write-ahead-log position read after seeding; every event id of the bus is in raw, and in processed or dead
 * letters; every processed object is in the ledger of loads; the last run of the chain began after the last load and ended well; no lease is open; every
 * windowed feature is pushed.
 *
 * @param position the WAL position to reach, as Postgres prints it
 * @throws {UserError} NOT_DRAINED naming the stage and what it lacks, when nothing moves for five minutes; CHAIN_FAILED when a run of the chain failed and nothing will repeat it
 */
export async function untilDrained(
  context: DemoContext,
  position: string,
  onProgress: (stage: string, missing: string) => void,
): Promise<DrainResult> {
  let topic: TopicContent | undefined;
  let raw: LayerContent | undefined;
  let processed: LayerContent | undefined;
  let deadLetters: LayerContent | undefined;

  const stages: Stage[] = [
    {
      name: 'change capture',
      check: async () => {
        const behind = await bytesBehind(context, position);
        return behind <= 0 ? undefined : `${behind.toLocaleString('en')} bytes of the write-ahead log to go`;
      },
    },
    {
      name: 'pipeline to lake',
      check: async () => {
        topic ??= await context.bus.changes();
        raw = await context.lakeContent.layer('raw');
        const missingRaw = missingFrom(topic.idsByStream, raw.idsByStream);
        if (missingRaw > 0) return `${missingRaw.toLocaleString('en')} events not in raw yet`;
        [processed, deadLetters] = await Promise.all([
          context.lakeContent.layer('processed'),
          context.lakeContent.layer('dead-letter'),
        ]);
        const missing = missingFrom(topic.idsByStream, processed.idsByStream, deadLetters.idsByStream);
        return missing > 0
          ? `${missing.toLocaleString('en')} events in neither processed nor dead letters yet`
          : undefined;
      },
    },
    {
      name: 'warehouse load',
      check: async () => {
        const names = await context.lakeContent.names('processed/');
        const [row] = await context.warehouse.query<{ loaded: number }>(
          'SELECT COUNT(DISTINCT name) AS loaded FROM ops.loads WHERE STARTS_WITH(name, "processed/")',
        );
        const missing = names.length - Number(row?.loaded ?? 0);
        return missing > 0 ? `${missing} of ${names.length} files not loaded yet` : undefined;
      },
    },
    { name: 'transform, gate, materialize', check: () => chainIsOpen(context) },
    {
      name: 'windowed features online',
      check: async () => {
        const lag = await context.bus.featuresWaiting();
        return lag > 0 ? `${lag.toLocaleString('en')} feature rows to push` : undefined;
      },
    },
  ];

  const secondsByStage = new Map<string, number>();
  let lastMovement = Date.now();
  for (const stage of stages) {
    const began = Date.now();
    let before: string | undefined;
    for (;;) {
      let missing: string | undefined;
      try {
        missing = await stage.check();
      } catch (error) {
        if (error instanceof UserError && error.code === 'CHAIN_FAILED') throw error;
        // A component that was killed is being restarted; what it would have answered is asked again.
        missing = `no answer (${(error as Error).message.split('\n')[0]?.slice(0, 160)})`;
      }
      if (missing === undefined) break;
      if (missing !== before) {
        before = missing;
        lastMovement = Date.now();
        onProgress(stage.name, missing);
      }
      if (Date.now() - lastMovement > STALL_LIMIT_MS) {
        throw new UserError(
          'NOT_DRAINED',
          `Nothing has moved for ${STALL_LIMIT_MS / 60_000} minutes in stage "${stage.name}": ${missing}. "npm run logs" shows what each component says.`,
        );
      }
      await sleep(POLL_MS);
    }
    secondsByStage.set(stage.name, (Date.now() - began) / 1000);
    lastMovement = Date.now();
  }
  if (topic === undefined || raw === undefined || processed === undefined || deadLetters === undefined)
    throw new Error('the lake stage did not run');
  return { topic, raw, processed, deadLetters, secondsByStage };
}

/** The position up to which the write-ahead log was written a moment ago. */
export async function walPosition(context: DemoContext): Promise<string> {
  return await withSource(
    context,
    async (client) =>
      (await client.query<{ lsn: string }>('SELECT pg_current_wal_lsn()::text AS lsn')).rows[0]?.lsn ?? '0/0',
  );
}

async function bytesBehind(context: DemoContext, position: string): Promise<number> {
  return await withSource(context, async (client) => {
    const { rows } = await client.query<{ behind: string | null }>(
      'SELECT pg_wal_lsn_diff($1::pg_lsn, min(confirmed_flush_lsn))::text AS behind FROM pg_replication_slots WHERE slot_type = $2 AND NOT temporary',
      [position, 'logical'],
    );
    const behind = rows[0]?.behind;
    if (behind === null || behind === undefined) throw new Error('Debezium has not made its replication slot yet');
    return Number(behind);
  });
}

async function withSource<T>(context: DemoContext, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ ...context.source, connectionTimeoutMillis: 30_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function missingFrom(
  wanted: ReadonlyMap<string, ReadonlySet<string>>,
  ...layers: ReadonlyMap<string, ReadonlySet<string>>[]
): number {
  let missing = 0;
  for (const [stream, ids] of wanted) {
    const holders = layers.map((layer) => layer.get(stream)).filter((holder) => holder !== undefined);
    for (const id of ids) if (!holders.some((holder) => holder.has(id))) missing += 1;
  }
  return missing;
}

/** What the event chain still has to do, or undefined when its last run began after the last load, ended well and left nothing waiting. */
async function chainIsOpen(context: DemoContext): Promise<string | undefined> {
  const open = (await inspectCommits(context.lake, context.lakeBucket)).filter(
    (commit) => commit.waiting > 0 || commit.openManifest !== undefined || commit.leaseHeld,
  );
  const rows = await context.warehouse.query<{ type: string; status: string; payload: string }>(
    "SELECT type, status, payload FROM ops.events WHERE type IN ('warehouse.loaded', 'transform.finished', 'quality.checked', 'features.materialized')",
  );
  const events = rows.map((row) => JSON.parse(row.payload) as ChainRecord);
  const latest = (type: string, suits: (event: ChainRecord) => boolean = () => true): ChainRecord | undefined =>
    events
      .filter((event) => event.type === type && suits(event))
      .sort((a, b) => a.time.localeCompare(b.time))
      .at(-1);
  const loaded = latest('warehouse.loaded');
  const transformed = latest('transform.finished');
  const checked = latest('quality.checked', (event) => event.detail.gate === 'features');
  const materialized = latest('features.materialized');
  if (open.length > 0) return `${open.map((commit) => commit.name).join(', ')} at work`;
  const steps = [
    { event: transformed, name: 'dbt', after: loaded?.time },
    { event: checked, name: 'the quality gate', after: transformed?.time },
    { event: materialized, name: 'materialization', after: checked?.time },
  ];
  for (const step of steps) {
    if (step.event === undefined || step.after === undefined || step.event.started_at < step.after) {
      // The gate and what follows start within the run that they belong to, so their start is compared with the end of the step before.
      return `${step.name} has not run after the last ${step.name === 'dbt' ? 'load' : 'step before it'}`;
    }
    if (step.event.status === 'failed') {
      throw new UserError(
        'CHAIN_FAILED',
        `${step.name} failed: ${step.event.error?.message ?? JSON.stringify(step.event.detail)}. Its log is under logs/jobs; "npm run logs" shows all.`,
      );
    }
  }
  return undefined;
}

interface ChainRecord {
  readonly type: string;
  readonly status: 'ok' | 'failed';
  readonly started_at: string;
  readonly time: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly error: { readonly message: string } | null;
}
