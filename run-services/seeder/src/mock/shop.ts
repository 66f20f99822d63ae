import { momentOf } from '../wire-values.ts';
import { ADJECTIVES, CATEGORIES, THINGS } from './catalogue.ts';
import type { Customer } from './people.ts';
import type { Random } from './random.ts';
import type { Recording } from './recording.ts';

export const SECOND = 1_000_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export interface Product {
  readonly id: string;
  readonly category: string;
  /** What it costs from when on, in pence; the newest last. */
  readonly prices: { readonly from: number; readonly pence: number }[];
}

export interface OrderLine {
  readonly id: string;
  readonly product: Product;
  quantity: number;
  readonly pence: number;
}

export interface Order {
  readonly id: string;
  readonly customer: Customer | null;
  readonly at: number;
  readonly lines: OrderLine[];
}

/** `1250` is `12.50`. */
export function pounds(pence: number): string {
  return `${Math.floor(pence / 100)}.${String(pence % 100).padStart(2, '0')}`;
}

/** Long enough to be stored out of line (TOAST), so that an update which leaves it alone exercises change capture's “keep the old value”. */
const LONG_DESCRIPTION_WORDS = 2_000;

export function stockProducts(
  random: Random,
  recording: Recording,
  start: number,
  end: number,
  count: number,
): Product[] {
  return Array.from({ length: count }, (_, index) => {
    const long = index === 7 || index === 8;
    const name = `${random.pick(ADJECTIVES)} ${random.pick(THINGS)}`;
    const manual = Array.from({ length: long ? LONG_DESCRIPTION_WORDS : 0 }, () =>
      random.between(0, 46_655).toString(36),
    );
    const product = {
      id: String(20_000 + index * 7) + (index % 5 === 0 ? random.pick(['A', 'B', 'BL']) : ''),
      category: random.pick(CATEGORIES),
      prices: [{ from: start, pence: random.between(29, 2_999) }],
    };
    const time = momentOf(start).text;
    recording.add(start, 'products', 'insert', {
      product_id: product.id,
      description: index % 60 === 59 ? null : [name, ...manual].join(' '),
      category: product.category,
      unit_price: pounds(product.prices[0]!.pence),
      created_at: time,
      updated_at: time,
    });
    const changes = Array.from(
      { length: long ? 2 : random.between(0, 4) },
      () => start + HOUR + random.between(0, end - start - 2 * HOUR),
    );
    for (const at of changes.sort((a, b) => a - b)) {
      const pence = Math.max(10, Math.round((product.prices.at(-1)!.pence * random.between(80, 125)) / 100));
      if (pence === product.prices.at(-1)!.pence) continue;
      product.prices.push({ from: at, pence });
      const row = { product_id: product.id, unit_price: pounds(pence), updated_at: momentOf(at).text };
      recording.add(at, 'products', 'update', row);
    }
    return product;
  });
}

export function priceAt(product: Product, at: number): number {
  return product.prices.findLast(({ from }) => from <= at)!.pence;
}

/** Records an order with its lines; a line may be given twice, and then it is two. */
export function placeOrder(
  recording: Recording,
  kind: 'purchase' | 'return',
  order: Order,
  country: string | null,
): void {
  const shared = {
    customer_id: order.customer?.id ?? null,
    kind,
    country,
    order_time: momentOf(order.at).text,
  };
  recording.add(order.at, 'orders', 'insert', {
    order_id: order.id,
    status: 'placed',
    ...shared,
    updated_at: shared.order_time,
  });
  for (const line of order.lines) {
    recording.add(order.at, 'order_lines', 'insert', {
      order_line_id: line.id,
      order_id: order.id,
      product_id: line.product.id,
      quantity: line.quantity,
      unit_price: pounds(line.pence),
      ...shared,
    });
  }
}

export function setStatus(
  recording: Recording,
  order: Order,
  at: number,
  status: 'shipped' | 'delivered' | 'cancelled',
): void {
  recording.add(at, 'orders', 'update', { order_id: order.id, status, updated_at: momentOf(at).text });
}
