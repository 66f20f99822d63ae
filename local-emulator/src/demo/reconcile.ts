import { referenceSql } from '@tributary/seeder';
import { Client } from 'pg';
import { type Comparison, compareRows } from './compare.ts';
import type { DemoContext } from './context.ts';
import type { DrainResult } from './drained.ts';
import { onlineFeatures } from './feature-client.ts';
import { type CheckedView, CUSTOMER_ACTIVITY, CUSTOMER_FEATURES, onlineColumns, PRODUCT_FEATURES } from './views.ts';

type Row = Record<string, unknown>;

/** Counts of one stream, layer by layer. */
export interface StreamCounts {
  readonly stream: string;
  readonly source: number;
  readonly events: number;
  readonly raw: number;
  readonly processed: number;
  readonly deadLetters: number;
  readonly staging: number;
  readonly unified: number;
}

export interface ViewCheck {
  readonly view: string;
  readonly expected: number;
  readonly mart: number;
  readonly online: number;
  readonly martAgainstSource: Comparison | undefined;
  readonly onlineAgainstMart: Comparison;
}

export interface Reconciliation {
  readonly streams: readonly StreamCounts[];
  readonly views: readonly ViewCheck[];
  /** Each a sentence that names the layer and the difference; empty when everything agrees. */
  readonly problems: readonly string[];
  readonly sampleCustomer: string | undefined;
}

/** Compares every layer with the one before it, and the feature tables with what an independent query over the source computes. */
export async function reconcile(
  context: DemoContext,
  streams: readonly string[],
  drained: DrainResult,
): Promise<Reconciliation> {
  const source = await readSource(context, streams);
  const problems: string[] = [];
  const counts: StreamCounts[] = [];
  for (const stream of streams) {
    const [row] = await context.warehouse.query<{ staging: number; staged_ids: number; unified: number }>(
      `SELECT (SELECT COUNT(*) FROM staging.${stream}) AS staging, (SELECT COUNT(DISTINCT _event_id) FROM staging.${stream}) AS staged_ids, (SELECT COUNT(*) FROM staging.unified_staging__${stream}) AS unified`,
    );
    const count: StreamCounts = {
      stream,
      source: source.counts.get(stream) ?? 0,
      events: drained.topic.idsByStream.get(stream)?.size ?? 0,
      raw: drained.raw.rowsByStream.get(stream) ?? 0,
      processed: drained.processed.rowsByStream.get(stream) ?? 0,
      deadLetters: drained.deadLetters.rowsByStream.get(stream) ?? 0,
      staging: Number(row?.staging ?? 0),
      unified: Number(row?.unified ?? 0),
    };
    counts.push(count);
    problems.push(...problemsOf(count));
  }
  const views = [
    await checkView(context, CUSTOMER_FEATURES, source.customerFeatures),
    await checkView(context, PRODUCT_FEATURES, source.productFeatures),
    await checkView(context, CUSTOMER_ACTIVITY, undefined),
  ];
  for (const check of views) {
    problems.push(
      ...explain(check.view, 'the mart and the query over Postgres', check.martAgainstSource),
      ...explain(check.view, 'the online store and the mart', check.onlineAgainstMart),
    );
  }
  const busiest = [...source.customerFeatures.entries()].sort(
    ([, a], [, b]) => Number(b.orders_count) - Number(a.orders_count) || Number(a.customer_id) - Number(b.customer_id),
  )[0];
  return { streams: counts, views, problems, sampleCustomer: busiest?.[0] };
}

function problemsOf(count: StreamCounts): string[] {
  const problems: string[] = [];
  const differ = (what: string, a: number, b: number): void => {
    if (a !== b) problems.push(`${count.stream}: ${what} (${a} against ${b})`);
  };
  differ('distinct events on the bus and rows in raw differ', count.events, count.raw);
  differ(
    'rows in raw differ from processed and dead letters together',
    count.raw,
    count.processed + deadLettersOfPipeline(count),
  );
  differ('rows in processed and in staging differ', count.processed, count.staging);
  if (count.deadLetters === 0) differ('rows in Postgres and in unified staging differ', count.source, count.unified);
  return problems;
}

/** Dead letters of events that did reach the bus; the bridge's own never did, so they are not in raw. */
function deadLettersOfPipeline(count: StreamCounts): number {
  return Math.min(Math.max(0, count.raw - count.processed), count.deadLetters);
}

const SHOWN_DIFFERENCES = 3;

function explain(view: string, sides: string, comparison: Comparison | undefined): string[] {
  if (comparison === undefined || comparison.differences.length === 0) return [];
  const samples = comparison.differences
    .slice(0, SHOWN_DIFFERENCES)
    .map(({ key, column, expected, actual }) => `${key}.${column}: ${show(expected)} → ${show(actual)}`);
  return [`${view}: ${sides} differ in ${comparison.differences.length} values, such as ${samples.join('; ')}`];
}

function show(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

async function readSource(
  context: DemoContext,
  streams: readonly string[],
): Promise<{ counts: Map<string, number>; customerFeatures: Map<string, Row>; productFeatures: Map<string, Row> }> {
  const client = new Client(context.source);
  await client.connect();
  try {
    // One snapshot: the demo is not alone if somebody else writes to its database.
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const counts = new Map<string, number>();
    for (const stream of streams) {
      const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM shop.${stream}`);
      counts.set(stream, Number(rows[0]?.count));
    }
    const byKey = async (sql: string, key: string): Promise<Map<string, Row>> =>
      new Map((await client.query<Row>(sql)).rows.map((row) => [String(row[key]), row]));
    return {
      counts,
      customerFeatures: await byKey(referenceSql.customerFeatures, 'customer_id'),
      productFeatures: await byKey(referenceSql.productFeatures, 'product_id'),
    };
  } finally {
    await client.end();
  }
}

async function checkView(
  context: DemoContext,
  checked: CheckedView,
  expected: ReadonlyMap<string, Row> | undefined,
): Promise<ViewCheck> {
  const columns = [...checked.columns.exact, ...checked.columns.doubles];
  // Of the activity view, a row an event time, only the newest row of an entity is online.
  const rows = await context.warehouse.query<Row>(
    `SELECT ${checked.joinKey}, ${columns.join(', ')} FROM marts.${checked.view} QUALIFY ROW_NUMBER() OVER (PARTITION BY ${checked.joinKey} ORDER BY event_timestamp DESC) = 1`,
  );
  const mart = new Map(rows.map((row) => [String(row[checked.joinKey]), row]));
  const everyEntity = [...new Set([...mart.keys(), ...(expected?.keys() ?? [])])];
  const answered = await onlineFeatures(
    context.featureServer,
    checked.joinKey,
    checked.view,
    columns,
    everyEntity.map((key) => (checked.joinKey === 'customer_id' ? Number(key) : key)),
  );
  // Feast answers an entity it does not know with nulls throughout.
  const online = new Map([...answered].filter(([, row]) => columns.some((column) => row[column] !== null)));
  return {
    view: checked.view,
    expected: expected?.size ?? mart.size,
    mart: mart.size,
    online: online.size,
    martAgainstSource: expected === undefined ? undefined : compareRows(expected, mart, checked.columns),
    onlineAgainstMart: compareRows(mart, online, onlineColumns(checked)),
  };
}
