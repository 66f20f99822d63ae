import type { Bus } from '@tributary/platform/bus';
import { chainEvent, chainMessage, digestId } from '@tributary/platform/events';
import type { Logger } from '@tributary/platform/log';

/**
 * Tells people of columns that no contract knows: once for each column, those that are met together in one incident. A new column comes with every row from
 * then on, and its values go sealed meanwhile.
 */
export class UnknownColumns {
  readonly #bus: Pick<Bus, 'publish'>;
  readonly #log: Logger;
  readonly #told = new Set<string>();

  constructor(bus: Pick<Bus, 'publish'>, log: Logger) {
    this.#bus = bus;
    this.#log = log;
  }

  /** Columns met so far, `<stream>.<column>` each. */
  get columns(): readonly string[] {
    return [...this.#told].sort();
  }

  /** Contracts changed: what they still do not know is told anew. */
  forget(): void {
    this.#told.clear();
  }

  /** Resolves at once where all are known; never rejects, for a report holds up no change. What could not be told is told with the next row. */
  async report(columns: Iterable<string>): Promise<void> {
    const fresh = [...new Set(columns)].filter((column) => !this.#told.has(column)).sort();
    if (fresh.length === 0) return;
    for (const column of fresh) this.#told.add(column);
    this.#log.warn(
      { columns: fresh, code: 'UNKNOWN_COLUMN' },
      'Columns no contract knows are carried sealed, in `unknown` of their change events; add them to the contract to use them',
    );
    const names = fresh.join(', ');
    const incident = chainEvent({
      type: 'incident.raised',
      runId: digestId(['unknown-columns', ...fresh]),
      streams: [...new Set(fresh.map((column) => column.split('.')[0]!))],
      counts: { columns: fresh.length },
      detail: { stage: 'bridge', columns: names },
      error: {
        code: 'UNKNOWN_COLUMN',
        message: `No contract knows ${names}. The values are kept sealed in raw/ and nowhere else. Add a nullable field of that name to the contract, or take the column out of the publication.`,
      },
    });
    try {
      await this.#bus.publish('chain', [chainMessage(incident)]);
    } catch (error) {
      for (const column of fresh) this.#told.delete(column);
      this.#log.warn({ err: error }, 'people could not be told of columns no contract knows; the next row tells them');
    }
  }
}
