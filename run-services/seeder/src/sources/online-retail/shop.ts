import type { Operation, Origin, Row, TableName, WireValue } from '../../operation.ts';
import { momentOf } from '../../wire-values.ts';
import type { Invoice, PlacedLine } from './invoices.ts';

/** The data set does not say when goods left; this shop sends every order, and takes every return back, a day after it was placed. */
export const DISPATCH_MICROS = 24 * 3600 * 1_000_000;

/**
 * What the shop's application did: products appear with the first line that has them, and a purchase updates their description and price as these change (a
 * return is credited at an older price and updates nothing); customers appear with their first order and move country as it changes; orders are placed with their lines, and shipped
 * a day later. Nothing is invented: no name, e-mail or phone; a guest is no customer.
 */
export function* replayShop(invoices: readonly Invoice[]): Generator<Operation> {
  const products = new Map<string, { description: string | null; unitPrice: string }>();
  const countries = new Map<WireValue, string | null>();
  const parcels: Invoice[] = [];
  let shipped = 0;

  for (const invoice of invoices) {
    while (shipped < parcels.length && dispatchTime(parcels[shipped]!) <= invoice.earliest.micros) {
      yield ship(parcels[shipped++]!);
    }
    const step = stepAt(invoice.earliest);

    for (const line of invoice.lines) {
      const known = products.get(line.productId);
      // A line without a description does not unname the product.
      const latest = { description: line.description ?? known?.description ?? null, unitPrice: line.unitPrice };
      const row = { product_id: line.productId, description: latest.description, unit_price: latest.unitPrice };
      if (!known) {
        products.set(line.productId, latest);
        const times = { created_at: step.time, updated_at: step.time };
        yield step.operation('products', 'insert', { ...row, category: null, ...times }, line.origin);
      } else if (
        line.kind === 'purchase' &&
        (known.unitPrice !== latest.unitPrice || known.description !== latest.description)
      ) {
        products.set(line.productId, latest);
        yield step.operation('products', 'update', { ...row, updated_at: step.time }, line.origin);
      }
    }

    const { customerId, country, kind, origin } = invoice.earliest;
    if (customerId !== null) {
      if (!countries.has(customerId)) {
        countries.set(customerId, country);
        yield step.operation('customers', 'insert', newCustomer(customerId, country, step.time), origin);
      } else if (country !== null && countries.get(customerId) !== country) {
        countries.set(customerId, country);
        const row = { customer_id: customerId, country, updated_at: step.time };
        yield step.operation('customers', 'update', row, origin);
      }
    }

    const shared = { customer_id: customerId, kind, country, order_time: step.time };
    const order = { order_id: invoice.invoiceNo, status: 'placed', ...shared, updated_at: step.time };
    yield step.operation('orders', 'insert', order, origin);
    for (const line of invoice.lines) {
      const row = {
        order_line_id: `${invoice.invoiceNo}-${line.ordinal}`,
        order_id: invoice.invoiceNo,
        product_id: line.productId,
        quantity: line.quantity,
        unit_price: line.unitPrice,
        ...shared,
      };
      yield step.operation('order_lines', 'insert', row, line.origin);
    }
    parcels.push(invoice);
  }
  while (shipped < parcels.length) yield ship(parcels[shipped++]!);
}

function stepAt({ time, micros }: PlacedLine) {
  return {
    time,
    operation: (table: TableName, op: 'insert' | 'update', row: Row, origin: Origin): Operation => ({
      time: micros,
      table,
      op,
      row,
      origin,
      // A folder that overlaps one already seeded must not turn prices and countries back.
      ...(op === 'update' && { unlessNewer: true }),
    }),
  };
}

function newCustomer(customerId: WireValue, country: string | null, time: string): Row {
  const unknown = { name: null, email: null, phone: null, ip: null, address: null };
  return { customer_id: customerId, ...unknown, country, created_at: time, updated_at: time };
}

function dispatchTime(invoice: Invoice): number {
  return invoice.earliest.micros + DISPATCH_MICROS;
}

function ship(invoice: Invoice): Operation {
  const { text, micros } = momentOf(dispatchTime(invoice));
  return {
    time: micros,
    table: 'orders',
    op: 'update',
    row: { order_id: invoice.invoiceNo, status: 'shipped', updated_at: text },
    origin: invoice.earliest.origin,
    unlessNewer: true,
  };
}
