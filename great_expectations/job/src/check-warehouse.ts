import { sortOut, viewsKeptBack } from '@tributary/platform/incidents';
import type { Lake } from '@tributary/platform/lake';
import type { Dependencies } from './incidents.ts';
import type { GateRequest } from './request.ts';
import type { GateResult } from './result.ts';

/**
 * Runs the staging and the features gate.
 *
 * A run may be made of several transformations, and a view that the first of them built may have failed in the second: its table is not the one that was
 * let go on. So a view that something of dbt keeps back now is not looked at but held; dbt asks for it again once it is right.
 *
 * @param validate runs validate.py with these arguments
 */
export async function checkWarehouse(
  { streams, views }: Pick<GateRequest, 'streams' | 'views'>,
  dependencies: Dependencies,
  { lake, bucket }: { readonly lake: Lake; readonly bucket: string },
  validate: (args: readonly string[]) => Promise<GateResult>,
): Promise<GateResult> {
  const { free, held } = sortOut(views, await viewsKeptBack(lake, bucket, ['transform']));
  const result = await validate([
    ...['--gate', 'warehouse', '--streams', streams.join(',')],
    ...['--views', free.join(','), '--depends', JSON.stringify(dependencies)],
  ]);
  return { ...result, held: { ...result.held, ...held } };
}
