import type { Bus } from '@tributary/platform/bus';
import { type FeatureRow, parseFeatureRow } from '@tributary/platform/events';
import type { Line } from './shop.ts';

const HOP = 60_000;
const WINDOWS = { '5m': 300_000, '1h': 3_600_000, '24h': 86_400_000 };

/** The features of a customer at its newest line, worked out from all lines at once. */
export function expectedActivity(lines: Iterable<Line>): Map<number, { n: number; time: number; features: object }> {
  const byCustomer = Map.groupBy(
    [...lines].filter(({ customer }) => customer !== null),
    ({ customer }) => customer!,
  );
  return new Map(
    [...byCustomer].map(([customer, own]) => {
      const time = Math.max(...own.map((line) => line.time));
      const features: Record<string, unknown> = {};
      for (const [window, length] of Object.entries(WINDOWS)) {
        const start = Math.floor((time - length) / HOP) * HOP;
        const inside = own.filter((line) => line.time >= start);
        const bought = inside.filter(({ kind }) => kind === 'purchase');
        features[`events_${window}`] = inside.length;
        features[`spend_${window}`] = String(
          bought.reduce((sum, { quantity, cents }) => sum + quantity * cents, 0) / 100,
        );
      }
      return [customer, { n: own.length, time, features }];
    }),
  );
}

/** Listens to the feature topic from its beginning, and keeps the newest row of each customer. */
export class ActivityTopic {
  readonly newest = new Map<number, FeatureRow>();

  static async of(bus: Bus): Promise<ActivityTopic> {
    const topic = new ActivityTopic();
    await bus.subscribe('features', 'itest', async (batch) => {
      for (const { data } of batch) topic.#take(parseFeatureRow(data));
    });
    return topic;
  }

  #take(row: FeatureRow): void {
    const customer = Number(row.entity.customer_id);
    const known = this.newest.get(customer);
    if (known === undefined || row.event_timestamp > known.event_timestamp) this.newest.set(customer, row);
  }

  /** In the shape of {@link expectedActivity}; n is what `event_timestamp` adds to the event time. */
  found(): Map<number, { n: number; time: number; features: object }> {
    return new Map(
      [...this.newest].map(([customer, row]) => {
        const time = Date.parse(row.event_time);
        const micros = (text: string) => Date.parse(text) * 1_000 + Number(text.slice(23, 26));
        return [
          customer,
          { n: micros(row.event_timestamp) - micros(row.event_time), time, features: row.features as object },
        ];
      }),
    );
  }
}
