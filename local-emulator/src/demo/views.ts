import type { Columns } from './compare.ts';

/** What the demo checks of each feature view. The names are those of docs/interfaces.md#online. */
export interface CheckedView {
  readonly view: string;
  readonly joinKey: string;
  readonly columns: Columns;
}

export const CUSTOMER_FEATURES: CheckedView = {
  view: 'customer_features',
  joinKey: 'customer_id',
  columns: {
    exact: [
      'orders_count',
      'quantity_total',
      'gross_revenue',
      'returned_value',
      'net_revenue',
      'recency_days',
      'distinct_products',
      'last_country',
    ],
    doubles: ['average_order_value', 'return_rate'],
  },
};

export const PRODUCT_FEATURES: CheckedView = {
  view: 'product_features',
  joinKey: 'product_id',
  columns: {
    exact: ['buyers', 'orders_count', 'quantity_total', 'gross_revenue'],
    doubles: ['average_price', 'return_rate'],
  },
};

export const CUSTOMER_ACTIVITY: CheckedView = {
  view: 'customer_activity',
  joinKey: 'customer_id',
  columns: { exact: ['events_5m', 'events_1h', 'events_24h'], doubles: ['spend_5m', 'spend_1h', 'spend_24h'] },
};

/** Online every number that is not an integer is a double. */
export function onlineColumns({ columns }: CheckedView): Columns {
  const money = columns.exact.filter((column) => /revenue|value/.test(column));
  return { exact: columns.exact.filter((column) => !money.includes(column)), doubles: [...money, ...columns.doubles] };
}
