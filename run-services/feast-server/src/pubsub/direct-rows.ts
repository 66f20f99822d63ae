import { TransientError } from '@tributary/platform/errors';
import { PyFloat, type PyValue } from '../python/json.ts';
import { timestampField } from '../redis/murmur3.ts';
import type { OnlineStore } from '../redis/store.ts';
import type { Definitions } from '../registry/definitions.ts';
import { type WriteRules, writeRows } from '../write/compare-and-set.ts';
import type { DataFrame } from '../write/dataframe.ts';
import { toRows } from '../write/rows.ts';
import type { Cell, PushedView, PushRow } from './feature-view.ts';
import type { OnlineRows } from './intake.ts';

interface DirectRowsOptions {
  /** The registry as it is now. */
  readonly definitions: () => Definitions;
  readonly store: OnlineStore;
  readonly rules: WriteRules;
}

/** Writes rows of the bus into the store, as a push of them would, without the request. Rows of people who were erased are not among them any more. */
export class DirectRows implements OnlineRows {
  readonly #options: DirectRowsOptions;

  constructor(options: DirectRowsOptions) {
    this.#options = options;
  }

  /** @throws {TransientError} VIEW_NOT_REGISTERED where the registry does not have the view yet. @throws {HttpError} ONLINE_STORE_UNAVAILABLE */
  async write(view: PushedView, rows: readonly PushRow[]): Promise<number> {
    const { definitions, store, rules } = this.#options;
    const { views, project } = definitions();
    const known = views.get(view.name);
    if (known === undefined) {
      throw new TransientError(
        'VIEW_NOT_REGISTERED',
        `The registry has no feature view ${view.name}, which features/ declares; its rows wait until definitions are applied (feast/apply.py).`,
      );
    }
    const prepared = toRows(known, columns(view, rows), project);
    return writeRows(store, timestampField(view.name), prepared.rows, rules);
  }
}

function columns(view: PushedView, rows: readonly PushRow[]): DataFrame {
  const entries: [string, PyValue[]][] = [
    [view.joinKey, rows.map(({ entity }) => entity)],
    ['event_timestamp', rows.map(({ eventTimestamp }) => eventTimestamp)],
    ...view.features.map(({ name, type }, index): [string, PyValue[]] => [
      name,
      rows.map(({ features }) => toPython(features[index]!, type)),
    ]),
  ];
  return { rows: rows.length, columns: new Map(entries) };
}

function toPython(cell: Cell, type: string): PyValue {
  return type === 'FLOAT64' && typeof cell === 'number' ? new PyFloat(cell) : cell;
}
