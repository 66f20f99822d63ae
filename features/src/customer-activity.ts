import { defineFeatureGroup } from './dsl.ts';
import { customer } from './entities.ts';

/** What a customer did just now: clicks and order lines as they happen, and what was spent. */
export const customerActivity = defineFeatureGroup({
  name: 'customer_activity',
  description: 'What a customer did and spent in the last minutes and hours, up to and including the event at hand.',
  entity: customer,
  sources: [
    { stream: 'user_events', entityField: 'user_id', eventTime: 'event_time', ops: ['c', 'r'] },
    {
      stream: 'order_lines',
      entityField: 'customer_id',
      eventTime: 'order_time',
      ops: ['c', 'r'],
      measures: { spend: { multiply: ['quantity', 'unit_price'], where: { field: 'kind', equals: 'purchase' } } },
    },
  ],
  windows: ['5m', '1h', '24h'],
  hop: '1m',
  aggregations: [
    { name: 'events', kind: 'count', description: 'Clicks and order lines' },
    { name: 'spend', kind: 'sum', measure: 'spend', description: 'Value of the lines bought' },
  ],
});
