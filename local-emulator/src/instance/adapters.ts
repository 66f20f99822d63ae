import { UserError } from '@tributary/platform/errors';

/** Which stores an instance runs on: those of a laptop, or the stand-ins of Google's. */
export interface Adapters {
  readonly lake: 'minio' | 'gcs';
  readonly bus: 'kafka' | 'pubsub';
}

/** What an instance runs on unless it is told otherwise. */
export const LAPTOP: Adapters = { lake: 'minio', bus: 'kafka' };

export const CLOUD: Adapters = { lake: 'gcs', bus: 'pubsub' };

/**
 * The adapters that LAKE and BUS, or `--lake` and `--bus`, select.
 *
 * @throws {UserError} CONFIG_INVALID where one is unknown, or they do not go together: what delivers objects' events is another program for each pair
 */
export function adaptersOf({ lake = LAPTOP.lake, bus = LAPTOP.bus }: { lake?: string; bus?: string }): Adapters {
  const chosen = [LAPTOP, CLOUD].find((adapters) => adapters.lake === lake && adapters.bus === bus);
  if (chosen) return chosen;
  throw new UserError(
    'CONFIG_INVALID',
    `LAKE is ${lake} and BUS is ${bus}; on this machine they are minio and kafka, or gcs and pubsub.`,
  );
}

/** The same, from a process's environment. */
export function adaptersFrom(environment: Readonly<Record<string, string | undefined>>): Adapters {
  const { LAKE, BUS } = environment;
  return adaptersOf({ ...(LAKE ? { lake: LAKE } : {}), ...(BUS ? { bus: BUS } : {}) });
}
