import { DEFAULT_RETENTION_DAYS, type RetentionDays } from '../contract.ts';
import { contractError, type OdcsDocument } from './odcs.ts';

/** Layers as a contract's `element` names them. */
const LAYERS: Readonly<Record<string, keyof RetentionDays>> = {
  raw: 'raw',
  processed: 'processed',
  'dead-letter': 'deadLetter',
  quarantine: 'quarantine',
  staging: 'staging',
};

const DAYS_PER_UNIT: Readonly<Record<string, number>> = { d: 1, y: 365 };

/** The value that keeps a layer for ever. */
const FOREVER = 'forever';

/**
 * How long each layer keeps a stream: `{ property: retention, value: 2, unit: y, element: raw }`, an entry for each layer that differs from the default.
 *
 * @throws {UserError} CONTRACT_INVALID naming the layer at fault.
 */
export function retentionOf(file: string, odcs: OdcsDocument): RetentionDays {
  const days: Record<keyof RetentionDays, number | null> = { ...DEFAULT_RETENTION_DAYS };
  const said = new Set<string>();
  for (const { property, value, unit, element } of odcs.slaProperties) {
    if (property !== 'retention') continue;
    const layer = LAYERS[element ?? ''];
    if (layer === undefined) {
      throw contractError(
        file,
        'slaProperties, retention',
        `element is ${element ?? 'missing'}; name what is kept so long: one of ${Object.keys(LAYERS).join(', ')}.`,
      );
    }
    if (said.has(layer)) throw contractError(file, `slaProperties, retention of ${element}`, 'is said twice.');
    said.add(layer);
    days[layer] = value === FOREVER ? null : daysOf(file, element!, value, unit);
  }
  return days;
}

function daysOf(file: string, element: string, value: unknown, unit: string | undefined): number {
  const days = Number(value) * (DAYS_PER_UNIT[unit ?? ''] ?? Number.NaN);
  if (!Number.isInteger(days) || days < 1) {
    throw contractError(
      file,
      `slaProperties, retention of ${element}`,
      `say whole days or years, such as { value: 400, unit: d }, or value: ${FOREVER}.`,
    );
  }
  return days;
}
