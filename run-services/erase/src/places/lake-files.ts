import { setTimeout as delay } from 'node:timers/promises';
import { TransientError } from '@tributary/platform/errors';
import { runName, runRewrite } from '@tributary/platform/rewrites';
import type { Found } from '../place.ts';
import type { ErasePorts } from '../ports.ts';

/** A file that was rewritten by somebody else meanwhile is looked at again; who meets that so often meets something else. */
const MAX_ROUNDS = 6;
const POLL_MS = 1_000;
const PATIENCE_MS = 10 * 60_000;

/** Rows found and files looked at, by layer: what the pipeline's report says. */
export type LakeCounts = Readonly<Record<'raw' | 'processed', Found>>;

/**
 * Lets the pipeline look through `raw/` and `processed/` until it finds nothing more, so the last look is the proof.
 *
 * @param request where the sealed request lies
 * @throws {TransientError} ERASE_FILES_CHANGE where files go on appearing that hold the person; REWRITE_WAITS where nothing carries rewrites out.
 */
export async function eraseFiles(
  ports: ErasePorts,
  subject: string,
  request: string,
  remove: boolean,
): Promise<LakeCounts> {
  if (remove) await untilOthersAreDone(ports);
  const found = { raw: 0, processed: 0 };
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    const { report } = await runRewrite(
      runName('erase', new Date()),
      {
        ...ports.pipelineArgs,
        source: 'erase',
        subject,
        erasure: request,
        countOnly: String(!remove),
      },
      { ...ports.rewrites, progress: ports.progress },
    );
    const rows = { raw: report.raw_rows_found ?? 0, processed: report.processed_rows_found ?? 0 };
    // What a later look finds was found by the first one, too: its file was in somebody else's hands.
    found.raw = Math.max(found.raw, rows.raw);
    found.processed = Math.max(found.processed, rows.processed);
    const isClean = rows.raw + rows.processed === 0 && (report.missed ?? 0) === 0;
    if (isClean || !remove) return countsOf(found, remove);
  }
  throw new TransientError(
    'ERASE_FILES_CHANGE',
    `After ${MAX_ROUNDS} looks files still held the person: something goes on writing them, such as a backfill that began before. Run the same command again when it has ended.`,
  );
}

function countsOf(found: Readonly<Record<'raw' | 'processed', number>>, remove: boolean): LakeCounts {
  const of = (rows: number): Found => ({ found: rows, removed: remove ? rows : 0, notes: [] });
  return { raw: of(found.raw), processed: of(found.processed) };
}

/** Rewrites that were staged before the person was on the list may hold their rows. */
async function untilOthersAreDone({ lake, lakeBucket, progress }: ErasePorts): Promise<void> {
  const open = async () => {
    const names: string[] = [];
    for await (const { name } of lake.list(lakeBucket, 'rewrites/open/')) if (name.endsWith('.json')) names.push(name);
    return names;
  };
  const before = new Set(await open());
  if (before.size > 0) progress(`waiting for ${before.size} rewrites that were staged before`);
  const began = Date.now();
  for (let left = before.size; left > 0; left = (await open()).filter((name) => before.has(name)).length) {
    if (Date.now() - began > PATIENCE_MS) {
      throw new TransientError(
        'REWRITE_WAITS',
        `${left} rewrites of other runs wait to be carried out. Look at load-warehouse: its sweep does it. Then run the same command again.`,
      );
    }
    await delay(POLL_MS);
  }
}
