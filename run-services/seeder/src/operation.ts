/** The tables of an application that the seeder writes; also the names of the streams that follow them. */
export const TABLE_NAMES = ['customers', 'products', 'orders', 'order_lines', 'user_events'] as const;
export type TableName = (typeof TABLE_NAMES)[number];

/** A value in the wire encoding of docs/interfaces.md: what JSON can say without losing a digit. */
export type WireValue = string | number | boolean | null;
export type Row = Readonly<Record<string, WireValue>>;

/** Where an operation came from; `line` counts from 1. */
export interface Origin {
  /** Name of the file inside the input, never a machine's path. */
  readonly file: string;
  readonly line: number;
}

/**
 * One thing the application does. Operations of a source have a fixed order, so that a run can resume at a number.
 * `insert` carries a whole row, `update` the key and the columns that change, `delete` the key alone.
 */
export interface Operation {
  /** When it happened in the recorded time, microseconds since the epoch; only the pace looks at it. */
  readonly time: number;
  readonly table: TableName;
  readonly op: 'insert' | 'update' | 'delete';
  readonly row: Row;
  readonly origin: Origin;
  /** The update is left out where the row's `updated_at` is later than the update's. */
  readonly unlessNewer?: true;
}
