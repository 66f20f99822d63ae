import type { BusMessage } from '@tributary/platform/bus';
import { type ChangeEvent, canonicalKey, changeMessage, eventId } from '@tributary/platform/events';
import { seededRandom } from './random.ts';

/** A shop's size: customers that come at all, products it has. */
const CUSTOMERS = 50_000;
export const PRODUCTS = 3_000;
/** How much more the first customers and products sell than the last: the exponent of a power law. At 1.5 the best of 50,000 customers has one line in 1,400. */
const SKEW = 1.5;
const GUEST_SHARE = 0.05;
const UPDATE_SHARE = 0.02;
const DUPLICATE_SHARE = 0.01;
const BAD_SHARE = 0.0001;
const MAX_LINES_OF_AN_ORDER = 6;
/** Event time passes at this pace, whatever the number of events: four times the events are four times as long a day. */
const LINES_PER_HOUR = 250_000;
const DAY_STARTS = Date.parse('2026-11-20T06:00:00Z');
/** The whole catalogue is written anew every night, so its rows are of one hour and not of as many as there are products. */
const CATALOGUE_REFRESHED = Date.parse('2026-11-20T03:00:00Z');
/** What a change takes in the write-ahead log. */
const LSN_STEP = [150, 250] as const;
/** A repeated message comes a moment later, as after a lost acknowledgement, or much later, as after a connector's restart. */
const NEAR_DUPLICATE = [1, 200] as const;
const FAR_DUPLICATE = [5_000, 100_000] as const;
/** Lines that an update may still change. */
const RECENT_LINES = 1_024;
const CATEGORIES = ['lighting', 'kitchen', 'garden', 'stationery', 'toys', 'textiles', 'storage', 'seasonal'];
const COUNTRIES = ['United Kingdom', 'Germany', 'France', 'EIRE', 'Spain', 'Netherlands', 'Belgium', 'Switzerland'];
/** Partitions of the changes topic; each ends with one change of its own. */
const PARTITIONS = 4;

/** A message, and the partition it must be in where its key does not say. */
export interface LoadMessage {
  readonly message: BusMessage;
  readonly partition?: number;
}

/** What a complete and exact result holds. */
export interface Expected {
  /** Messages on the topic, duplicates and all. */
  readonly messages: number;
  readonly duplicates: number;
  readonly rawRows: number;
  readonly orderLineRows: number;
  readonly productRows: number;
  readonly deadLetters: number;
  /** Events that each lead to a feature row. */
  readonly featureEvents: number;
}

type Line = Record<string, string | number | null> & { order_line_id: string };

/**
 * Change events as the bridge publishes them: the catalogue first, then `events` distinct changes of order lines in the order of their event times, with
 * duplicates and bad records among them. The same number gives the same events; only span ids differ.
 *
 * At the end each partition has one more product change, a day later: event time has passed the last order line then, and what waits for a watermark need not
 * wait for another day's orders.
 *
 * @returns (after the last message) what must come of it
 */
export function* shopChanges(events: number, seed = 20_261_120): Generator<LoadMessage, Expected> {
  const random = seededRandom(seed);
  const between = ([low, high]: readonly [number, number]): number => low + Math.floor(random() * (high - low + 1));
  const skewed = (size: number): number => Math.floor(size * random() ** SKEW);
  let lsn = 26_000_000_000;
  let tx = 761_000;
  const change = (
    stream: 'order_lines' | 'products',
    primaryKey: string,
    op: 'c' | 'u',
    rows: { before: Line | ProductRow | null; after: Line | ProductRow },
    time: number,
  ): BusMessage => {
    lsn += between(LSN_STEP);
    const key = { [primaryKey]: rows.after[primaryKey] ?? null };
    const position = { server: 'app', schema: 'shop', table: stream, lsn: String(lsn), op };
    const event: ChangeEvent = {
      event_id: eventId({ ...position, canonicalKey: canonicalKey(key, [primaryKey]) }),
      stream,
      op,
      key,
      before: rows.before,
      after: rows.after,
      source: { db: 'app', schema: 'shop', table: stream, lsn: String(lsn), tx: String(tx), ts: iso(time + 20) },
      ingested_at: iso(time + 60),
      contract_version: '1.0.0',
    };
    return changeMessage(event, [primaryKey]);
  };

  let messages = 0;
  const send = (message: BusMessage, partition?: number): LoadMessage => {
    messages += 1;
    return partition === undefined ? { message } : { message, partition };
  };

  const products = Array.from({ length: PRODUCTS }, (_, index) => product(index, random));
  for (const row of products) {
    tx += 1;
    yield send(change('products', 'product_id', 'c', { before: null, after: row }, Date.parse(row.updated_at)));
  }

  // Messages to be told again, by the number of the event after which that happens.
  const repeats = new Map<number, BusMessage[]>();
  const recent: Line[] = [];
  const bad = Math.max(events > 1 ? 2 : 0, Math.round(events * BAD_SHARE));
  const badEvery = Math.floor(events / Math.max(1, bad));
  let badSoFar = 0;
  let duplicates = 0;
  let featureEvents = 0;
  let order: { id: number; lines: number; customer: number | null; time: number; country: string } | undefined;
  let orderId = 536_365;
  let ordinal = 0;
  for (let number = 0; number < events; number++) {
    const now = DAY_STARTS + Math.floor((number * 3_600_000) / LINES_PER_HOUR);
    for (const message of repeats.get(number) ?? []) yield send(message);
    repeats.delete(number);
    let message: BusMessage;
    const old = recent[number % RECENT_LINES];
    const isBad = number % badEvery === badEvery - 1 && badSoFar < bad;
    if (!isBad && old !== undefined && random() < UPDATE_SHARE) {
      tx += 1;
      const after = { ...old, quantity: Number(old.quantity) + 1 };
      message = change('order_lines', 'order_line_id', 'u', { before: old, after }, now);
      recent[number % RECENT_LINES] = after;
    } else {
      if (order === undefined || ordinal === order.lines) {
        order = {
          id: orderId++,
          lines: between([1, MAX_LINES_OF_AN_ORDER]),
          customer: random() < GUEST_SHARE ? null : 12_346 + skewed(CUSTOMERS),
          time: now,
          country: COUNTRIES[skewed(COUNTRIES.length)] ?? '',
        };
        ordinal = 0;
        tx += 1;
      }
      ordinal += 1;
      const sold = products[skewed(PRODUCTS)] ?? products[0]!;
      const line: Line = {
        order_line_id: `${order.id}-${ordinal}`,
        order_id: String(order.id),
        product_id: sold.product_id,
        customer_id: order.customer,
        kind: random() < 0.02 ? 'return' : 'purchase',
        quantity: between([1, 24]),
        unit_price: sold.unit_price,
        country: order.country,
        order_time: iso(order.time),
      };
      if (isBad) {
        badSoFar += 1;
        // Half of them break the contract, half are cut off in the middle.
        const violating = badSoFar % 2 === 1;
        const whole = change(
          'order_lines',
          'order_line_id',
          'c',
          { before: null, after: { ...line, quantity: violating ? 0 : 1 } },
          now,
        );
        message = violating ? whole : { ...whole, data: whole.data.subarray(0, 120) };
      } else {
        message = change('order_lines', 'order_line_id', 'c', { before: null, after: line }, now);
        recent[number % RECENT_LINES] = line;
        if (order.customer !== null) featureEvents += 1;
      }
    }
    yield send(message);
    if (!isBad && random() < DUPLICATE_SHARE) {
      duplicates += 1;
      const due = Math.min(events, number + between(random() < 0.5 ? NEAR_DUPLICATE : FAR_DUPLICATE));
      const waiting = repeats.get(due);
      if (waiting === undefined) repeats.set(due, [message]);
      else waiting.push(message);
    }
  }
  for (const waiting of repeats.values()) for (const message of waiting) yield send(message);

  const dayLater = DAY_STARTS + Math.ceil((events * 3_600_000) / LINES_PER_HOUR) + 86_400_000;
  for (let partition = 0; partition < PARTITIONS; partition++) {
    tx += 1;
    const before = products[partition]!;
    const after = { ...before, updated_at: iso(dayLater) };
    yield send(change('products', 'product_id', 'u', { before, after }, dayLater), partition);
  }
  return {
    messages,
    duplicates,
    rawRows: PRODUCTS + events + PARTITIONS,
    orderLineRows: events - bad,
    productRows: PRODUCTS + PARTITIONS,
    deadLetters: bad,
    featureEvents,
  };
}

type ProductRow = Record<string, string> & { product_id: string; unit_price: string; updated_at: string };

function product(index: number, random: () => number): ProductRow {
  const listed = DAY_STARTS - Math.floor((1 + random() * 300) * 86_400_000);
  return {
    product_id: `${20_000 + index}${String.fromCharCode(65 + (index % 26))}`,
    description: `${CATEGORIES[index % CATEGORIES.length]?.toUpperCase()} ARTICLE NO ${index}`,
    category: CATEGORIES[index % CATEGORIES.length] ?? '',
    unit_price: `${1 + Math.floor(random() * 40)}.${String(Math.floor(random() * 100)).padStart(2, '0')}`,
    created_at: iso(listed),
    updated_at: iso(CATALOGUE_REFRESHED + index),
  };
}

/** Six digits of a second, of which milliseconds are real. */
function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}
