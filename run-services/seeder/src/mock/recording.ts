import type { Row, TableName } from '../operation.ts';
import { momentOf } from '../wire-values.ts';

/** Collects what happens in the shop, in whatever order it is thought up, and prints it in the order in which it happened. */
export class Recording {
  readonly #events: { readonly at: number; readonly text: string }[] = [];

  /** `at` in microseconds since the epoch. */
  add(at: number, table: TableName, op: 'insert' | 'update' | 'delete', row: Row): void {
    const event = { ts: momentOf(at).text, table, op, [op === 'delete' ? 'key' : 'row']: row };
    this.#events.push({ at, text: JSON.stringify(event) });
  }

  get length(): number {
    return this.#events.length;
  }

  toString(): string {
    // The sort is stable: what happens at one instant stays in the order it was thought up, causes before effects.
    const ordered = [...this.#events].sort((a, b) => a.at - b.at);
    return `${ordered.map(({ text }) => text).join('\n')}\n`;
  }
}
