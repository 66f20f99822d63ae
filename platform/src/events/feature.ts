import { z } from 'zod';
import type { BusMessage } from '../bus/port.ts';
import { orderingKey } from './identity.ts';
import { busMessage } from './message.ts';
import { id, instant, parseEvent, timestamp, wireValue } from './parse.ts';
import { createTraceparent } from './traceparent.ts';

export const FEATURE_ROW_TYPE = 'dev.tributary.feature.v1';

/** docs/interfaces.md#feature-row-tributaryfeatures-type-devtributaryfeaturev1-ordering-key-customer_activitycustomer_id */
export const featureRowSchema = z.strictObject({
  view: z.string().min(1),
  /** One join key and its value. */
  entity: z
    .record(z.string(), z.union([z.string(), z.number()]))
    .refine((entity) => Object.keys(entity).length === 1, 'expected one join key'),
  event_time: timestamp,
  event_timestamp: timestamp,
  latest: z.boolean(),
  features: z.record(z.string(), wireValue),
  event_id: id,
  emitted_at: instant,
});

export type FeatureRow = z.output<typeof featureRowSchema>;

/** The bus message of a feature row; rows of one entity arrive in order. */
export function featureMessage(row: FeatureRow, traceparent?: string): BusMessage {
  const [entity] = Object.values(row.entity);
  return busMessage(
    orderingKey(row.view, String(entity)),
    {
      // A late event re-emits rows of other events: the event at hand alone does not name a row.
      id: `${row.event_id}@${row.event_timestamp}`,
      type: FEATURE_ROW_TYPE,
      source: '//tributary/pipeline',
      subject: row.view,
      time: row.event_timestamp,
      traceparent: traceparent ?? createTraceparent(row.event_id),
    },
    row,
  );
}

/** @throws {UserError} EVENT_UNREADABLE naming the field at fault. */
export function parseFeatureRow(data: Uint8Array | string): FeatureRow {
  return parseEvent('feature row', featureRowSchema, data);
}
