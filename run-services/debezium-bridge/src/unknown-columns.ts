import type { Bus } from '@tributary/platform/bus';
import { chainEvent, chainMessage, digestId } from '@tributary/platform/events';
import type { Logger } from '@tributary/platform/log';

/**
 * Tells people of columns that no contract knows: once for each column, those that are met together in one incident, which is over once contracts know all
 * of them. A new column comes with every row from then on, and its values go sealed meanwhile.
 */
export class UnknownColumns {
  readonly #bus: Pick<Bus, 'publish'>;
  readonly #log: Logger;
  readonly #told = new Set<string>();
  /** The columns of each incident that is open. */
  readonly #open = new Map<string, readonly string[]>();

  constructor(bus: Pick<Bus, 'publish'>, log: Logger) {
    this.#bus = bus;
    this.#log = log;
  }

  /** Columns met so far, `<stream>.<column>` each. */
  get columns(): readonly string[] {
    return [...this.#told].sort();
  }

  /** Contracts changed: tells what is over by that. Never rejects; what could not be told is told at the next change. */
  async relearn(isKnown: (column: string) => boolean): Promise<void> {
    for (const column of this.#told) if (isKnown(column)) this.#told.delete(column);
    for (const [incident, columns] of this.#open) {
      if (!columns.every(isKnown)) continue;
      const cleared = chainEvent({
        type: 'incident.cleared',
        runId: digestId(['unknown-columns', ...columns]),
        streams: streamsOf(columns),
        counts: { columns: columns.length },
        detail: { stage: 'bridge', incident },
      });
      try {
        await this.#bus.publish('chain', [chainMessage(cleared)]);
        this.#open.delete(incident);
      } catch (error) {
        this.#log.warn({ err: error }, 'people could not be told that contracts know a column now');
      }
    }
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
    const incident = `unknown-columns:${fresh.join(',')}`;
    const raised = chainEvent({
      type: 'incident.raised',
      runId: digestId(['unknown-columns', ...fresh]),
      streams: streamsOf(fresh),
      counts: { columns: fresh.length },
      detail: { incident, runbook: 'unknown-column', stage: 'bridge', columns: names },
      error: {
        code: 'UNKNOWN_COLUMN',
        message: `No contract knows ${names}. The values are kept sealed in raw/ and nowhere else. Add a nullable field of that name to the contract, or take the column out of the publication.`,
      },
    });
    try {
      await this.#bus.publish('chain', [chainMessage(raised)]);
      this.#open.set(incident, fresh);
    } catch (error) {
      for (const column of fresh) this.#told.delete(column);
      this.#log.warn({ err: error }, 'people could not be told of columns no contract knows; the next row tells them');
    }
  }
}

function streamsOf(columns: readonly string[]): string[] {
  return [...new Set(columns.map((column) => column.split('.')[0]!))];
}
