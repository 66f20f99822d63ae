import { UserError } from '@tributary/platform/errors';
import type { PriceList } from './price.ts';
import { US_CENTRAL1 } from './us-central1.ts';

const LISTS: readonly PriceList[] = [US_CENTRAL1];

/**
 * The prices of a region.
 *
 * @throws {UserError} REGION_WITHOUT_PRICES where nobody wrote them down: prices of regions differ by up to a half, so none is guessed from another's.
 */
export function pricesOf(region: string): PriceList {
  const found = LISTS.find((list) => list.region === region);
  if (found) return found;
  const known = LISTS.map((list) => list.region).join(', ');
  throw new UserError(
    'REGION_WITHOUT_PRICES',
    `There are no prices of "${region}"; there are those of ${known}. Write a list like cost-model/src/us-central1.ts from Google's pages and add it to regions.ts.`,
  );
}
