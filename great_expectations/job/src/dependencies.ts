import { UserError } from '@tributary/platform/errors';
import type { Lake } from '@tributary/platform/lake';
import { z } from 'zod';
import type { Dependencies } from './incidents.ts';

/** Written by the dbt job. docs/interfaces.md#artifacts */
const NAME = 'artifacts/dbt/dependencies.json';

const schema = z.object({ views: z.record(z.string(), z.array(z.string())) });

/**
 * Which streams each view is made from, as the newest run of dbt says. Of a view that is not in it nothing is known, and any stream keeps it back.
 *
 * @throws {UserError} DEPENDENCIES_UNREADABLE where the object is not what the dbt job writes.
 */
export async function readDependencies(lake: Lake, bucket: string): Promise<Dependencies> {
  const found = await lake.read(bucket, NAME);
  if (!found) return {};
  try {
    return schema.parse(JSON.parse(found.body.toString('utf8'))).views;
  } catch (error) {
    throw new UserError(
      'DEPENDENCIES_UNREADABLE',
      `${NAME} is not what the dbt job writes; remove it, and the next run of dbt writes it again.`,
      { cause: error },
    );
  }
}
