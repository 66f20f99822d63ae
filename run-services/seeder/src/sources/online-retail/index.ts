import { inspectFiles, listInputFiles } from '../../input-files.ts';
import type { Reject } from '../../rejects.ts';
import type { OpenSource } from '../source.ts';
import { gatherInvoices } from './invoices.ts';
import { replayShop } from './shop.ts';

/** Raised when the same files would give other operations, so that a half-applied source is not resumed in the wrong place. */
const MAPPING_VERSION = 'online-retail/1';

/** Online Retail (UCI, Daqing Chen, 2015): a CSV file, or a folder of them read in the order of their names. */
export const openOnlineRetail: OpenSource = async (input) => {
  const files = await listInputFiles(input, ['.csv']);
  const { fingerprint } = await inspectFiles(files, MAPPING_VERSION);
  const rejects: Reject[] = [];
  const invoices = await gatherInvoices(files, (reject) => rejects.push(reject));
  let expectedOperations = 0;
  for (const _ of replayShop(invoices)) expectedOperations += 1;
  return {
    fingerprint,
    expectedOperations,
    *operations(reject) {
      rejects.forEach(reject);
      yield* replayShop(invoices);
    },
  };
};
