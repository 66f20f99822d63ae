import type { CompiledFeatures } from '@tributary/features';
import { UserError } from '@tributary/platform/errors';
import type { FeatureRow } from '@tributary/platform/events';

/** A view whose rows come over the bus, as Feast knows it. */
export interface PushedView {
  readonly name: string;
  readonly pushSource: string;
  readonly joinKey: string;
  readonly keyType: 'INT64' | 'STRING';
  readonly features: readonly { readonly name: string; readonly type: 'INT64' | 'FLOAT64' | 'STRING' }[];
}

/** A value as Feast's columns take it. */
export type Cell = string | number | null;

/** One row as it is pushed. */
export interface PushRow {
  readonly view: PushedView;
  readonly entity: string | number;
  /** RFC 3339 with six digits, so that text order is time order. */
  readonly eventTimestamp: string;
  readonly features: readonly Cell[];
}

/** The pushed views by name. */
export function pushedViews(compiled: CompiledFeatures): ReadonlyMap<string, PushedView> {
  return new Map(
    compiled.groups.map((group) => [
      group.name,
      {
        name: group.name,
        pushSource: group.push_source,
        joinKey: group.entity.joinKey,
        keyType: group.entity.type,
        features: group.features,
      },
    ]),
  );
}

/**
 * The row as Feast takes it. Feast answers a row of another shape with the same 500 as a lost Redis, so shape is decided here.
 *
 * @throws {UserError} FEATURE_ROW_REFUSED naming the view and field at fault, never the value.
 */
export function toPushRow(row: FeatureRow, views: ReadonlyMap<string, PushedView>): PushRow {
  const view = views.get(row.view);
  if (!view) throw refused(row.view, 'view', 'no such pushed view is declared in features/');
  const entity = row.entity[view.joinKey];
  if (entity === undefined) throw refused(view.name, `entity.${view.joinKey}`, 'missing');
  const unknown = Object.keys(row.features).find((name) => !view.features.some((feature) => feature.name === name));
  if (unknown !== undefined) throw refused(view.name, `features.${unknown}`, 'not a feature of the view');
  return {
    view,
    entity: toCell(view.name, `entity.${view.joinKey}`, entity, view.keyType) as string | number,
    eventTimestamp: row.event_timestamp,
    features: view.features.map(({ name, type }) => {
      const value = row.features[name];
      if (value === undefined) throw refused(view.name, `features.${name}`, 'missing');
      return value === null ? null : toCell(view.name, `features.${name}`, value, type);
    }),
  };
}

/** Online, NUMERIC is a double: money arrives as decimal text and leaves as a number. */
function toCell(view: string, field: string, value: unknown, type: 'INT64' | 'FLOAT64' | 'STRING'): Cell {
  if (type === 'STRING') {
    if (typeof value !== 'string') throw refused(view, field, 'expected a string');
    return value;
  }
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) throw refused(view, field, 'expected a finite number');
  // Beyond that JSON numbers are not exact, and a wrong entity would be written.
  if (type === 'INT64' && !Number.isSafeInteger(number))
    throw refused(view, field, 'expected an integer up to 2^53 − 1');
  return number;
}

function refused(view: string, field: string, reason: string): UserError {
  return new UserError(
    'FEATURE_ROW_REFUSED',
    `A feature row of ${view} is refused at ${field}: ${reason}. Run npm run contracts and deploy pipeline and feature server of one version.`,
  );
}
