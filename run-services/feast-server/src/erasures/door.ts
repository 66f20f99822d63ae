import { type Environment, readConfigFrom, readVariables, variable } from '@tributary/platform/config';
import type { ErasedSubjects } from '@tributary/platform/erasures';
import { TributaryError, UserError } from '@tributary/platform/errors';
import type { Lake } from '@tributary/platform/lake';
import type { Logger } from '@tributary/platform/log';
import { loadPiiKeys } from '@tributary/platform/pii';
import { z } from 'zod';
import { unavailable } from '../http/errors.ts';

const OWN_VARIABLES = {
  ERASURES: variable(
    z.enum(['follow', 'off'], { error: 'expected follow or off' }).default('follow'),
    'whether rows of people who were erased are kept from going online, by the list in the lake (LAKE, LAKE_BUCKET, PII_KEYS_FILE); off where a project has no such list',
    'follow',
  ),
};

/** Who was erased, at most two seconds ago. docs/interfaces.md#erasures */
export type AskErased = () => Promise<ErasedSubjects>;

interface ErasuresOptions {
  /** Rows come in that may be of anybody, so that it cannot be off. */
  readonly required: boolean;
  /** In place of the one that the environment names. */
  readonly lake?: Lake | undefined;
  readonly log: Logger;
}

/**
 * The list of erasures, for doors through which rows go online; undefined where it is switched off. The lake is asked at the first row: to be read from, a server
 * needs none of it, and starts sooner without.
 *
 * @throws {UserError} CONFIG_INVALID or PII_KEYS_…
 */
export function readErasures(environment: Environment, options: ErasuresOptions): AskErased | undefined {
  if (readVariables(OWN_VARIABLES, environment).ERASURES === 'off') {
    if (!options.required) return undefined;
    throw new UserError(
      'CONFIG_INVALID',
      'ERASURES is off, and rows of the bus may be of people who were erased: set ERASURES=follow, or FEATURES_DELIVERY=off.',
    );
  }
  const { lake: config, pii } = readConfigFrom(environment, 'lake', 'pii');
  const keys = loadPiiKeys(pii.keysFile);
  const open = async (): Promise<AskErased> => {
    const [{ createLake }, { LiveErasures }, { openContracts }] = await Promise.all([
      import('@tributary/platform/lake'),
      import('@tributary/platform/erasures'),
      import('@tributary/platform/live-contracts'),
    ]);
    const { lake = createLake(config), log } = options;
    const erasures = new LiveErasures({ lake, bucket: config.lakeBucket, keys, log });
    const contracts = await openContracts(log, environment);
    return async () => erasures.fresh(await contracts.fresh());
  };
  let opened: Promise<AskErased> | undefined;
  return async () => {
    // What could not be opened is tried again with the next rows.
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return (await opened)();
  };
}

/**
 * For a request that writes: undefined where nobody is to be held back.
 *
 * @throws {HttpError} 503 BACKEND_UNAVAILABLE where it is not known who was erased; nothing may be written then
 */
export async function erasedForRequest(ask: AskErased | undefined): Promise<ErasedSubjects | undefined> {
  try {
    return await ask?.();
  } catch (cause) {
    if (!(cause instanceof TributaryError)) throw cause;
    throw unavailable(
      'BACKEND_UNAVAILABLE',
      `Rows are written once it is known who was erased, and the list of erasures cannot be read now (${cause.code}); send them again later.`,
      { cause },
    );
  }
}
