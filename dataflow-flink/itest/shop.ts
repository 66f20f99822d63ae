import { createHash } from 'node:crypto';
import type { BusMessage } from '@tributary/platform/bus';
import { type ChangeEvent, changeMessage } from '@tributary/platform/events';

/** A line of an order as the test knows it; its event is {@link lineEvent}. */
export interface Line {
  readonly id: string;
  readonly product: string;
  readonly customer: number | null;
  readonly kind: 'purchase' | 'return';
  readonly quantity: number;
  readonly cents: number;
  /** Event time, milliseconds. */
  readonly time: number;
}

/** What a product costs from a time on. */
export interface Price {
  readonly product: string;
  readonly cents: number;
  readonly from: number;
}

/** The id that a bridge would give the event. */
export function eventId(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}

export function wireTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, -1)}000Z`;
}

export function money(cents: number): string {
  return (cents / 100).toFixed(2);
}

/** The creation of a row, at a place in the log that its number gives. */
export function created(stream: string, key: string, row: Record<string, unknown>, lsn: number): ChangeEvent {
  const ts = '2026-11-21T05:20:02.000000Z';
  return {
    event_id: eventId(`${stream}/${row[key]}/${lsn}`),
    stream,
    op: 'c',
    key: { [key]: row[key] as string },
    before: null,
    after: row as ChangeEvent['after'],
    source: { db: 'app', schema: 'shop', table: stream, lsn: String(lsn), tx: '1', ts },
    ingested_at: ts,
    contract_version: '1.0.0',
  };
}

export function lineEvent(line: Line, lsn: number): ChangeEvent {
  const row = {
    order_line_id: line.id,
    order_id: `order-of-${line.id}`,
    product_id: line.product,
    customer_id: line.customer,
    kind: line.kind,
    quantity: line.quantity,
    unit_price: money(line.cents),
    country: 'Norway',
    order_time: wireTime(line.time),
  };
  return created('order_lines', 'order_line_id', row, lsn);
}

export function priceEvent(price: Price, lsn: number): ChangeEvent {
  const row = {
    product_id: price.product,
    description: null,
    category: 'things',
    unit_price: money(price.cents),
    created_at: wireTime(0),
    updated_at: wireTime(price.from),
  };
  return { ...created('products', 'product_id', row, lsn), op: 'u', before: row };
}

/** How the bridge publishes it. */
export function message(event: ChangeEvent): BusMessage {
  return changeMessage(event, Object.keys(event.key ?? {}));
}
