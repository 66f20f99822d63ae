import { setTimeout as delay } from 'node:timers/promises';
import { enlist, isListed, readErasures, strikeOff, subjectNamed } from '@tributary/platform/erasures';
import { TributaryError } from '@tributary/platform/errors';
import { chainEvent, chainMessage, digestId } from '@tributary/platform/events';
import { erasureIds } from '@tributary/platform/pii';
import { noteErasure } from './note.ts';
import { untilChainForgot, untilLandingEnded } from './open-work.ts';
import { Ownership, type Person } from './person.ts';
import { type Found, NOTHING, type Place } from './place.ts';
import { eraseFiles } from './places/lake-files.ts';
import { landing } from './places/landing.ts';
import { letters } from './places/letters.ts';
import { oldVersions } from './places/old-versions.ts';
import { onlineStore } from './places/online-store.ts';
import { otherObjects } from './places/other-objects.ts';
import { damagedFiles, quarantine } from './places/quarantine.ts';
import { topics } from './places/topics.ts';
import { martRows, operationsRows, stagingRows, tracesOf } from './places/warehouse-rows.ts';
import type { ErasePorts } from './ports.ts';
import { dropRequest, keepRequest, requestName } from './request.ts';

export interface EraseOptions {
  /** As contracts declare it, such as `customer`. */
  readonly subject: string;
  readonly id: string;
  /** Only say what there is. */
  readonly dryRun?: boolean;
  /** How long it takes at most until what passed a door before the list was changed is in files. */
  readonly settleMs: number;
}

export interface EraseReport {
  /** Tells nobody who it was. */
  readonly erasureId: string;
  readonly places: ReadonlyMap<string, Found>;
  /** Whether the erasure is on the list: data of theirs that comes from now on is dropped. */
  readonly listed: boolean;
}

/** Datasets beside `staging` whose tables may have a row of the person. */
const MART_DATASETS = ['marts'];

/**
 * Removes a person, or whatever contracts declare as a subject, from everything the platform keeps.
 *
 * 1. **List.** The erasure's id, a keyed hash, goes on `erasures/list.json`. Every door follows it: the bridge, the stream, batch files and backfills in the pipeline,
 *    and the push into the online store. From here on nothing of theirs comes in, whatever is still on its way.
 * 2. **Settle.** What had passed a door before it looked is in files, or in the online store, by the end of a wait.
 * 3. **Traces.** Keys of their rows and tokens of their values are read from the warehouse and kept, sealed, beside the list until the end: they tell data that
 *    has no more than these, also to a run that goes on after rows are gone.
 *    Files that wait in `landing/` are looked through: they lose their lines of theirs at the door, but tell that there is such a person.
 *    One that was being read before is waited for.
 * 4. **Files** of `raw/` and `processed/` are rewritten by the pipeline, until a look finds nothing. Before the warehouse, because a file is loaded before it is
 *    rewritten.
 * 5. **Letters, quarantine, other objects.**
 * 6. **Warehouse**: staging; then runs of the chain that began before are waited for; then marts and what `ops` says of them; then the **online store**.
 * 7. **Topics**, as far as they were read.
 * 8. **Proof**: every place is looked at again, and what is found is an error that names the place.
 * 9. The chain is told that staging changed, so that aggregates over many people are made anew; the request is removed; versions that the bucket keeps go last.
 *
 * Each step finds what is there and removes that, so it may be repeated: whoever died is gone on from by the same command. The ledger's row, `ops.erasures`, is
 * `running` until then.
 *
 * Nobody of that number anywhere, and never erased before: it was mistyped perhaps. The list is as it was, so that a later person of that number is not lost.
 * A number under no name, which may be a quantity, and a damaged file are no sign of a person; damaged files go only with somebody's data.
 *
 * @throws {UserError} ERASE_SUBJECT, ERASE_ID; {TransientError} where something did not answer or is busy; {TributaryError} ERASE_INCOMPLETE where the proof failed.
 */
export async function erase(options: EraseOptions, ports: ErasePorts): Promise<EraseReport> {
  const { subject, id } = subjectNamed(ports.contracts, options.subject, options.id);
  const ids = erasureIds(subject.name, id, ports.keys);
  const erasures = await readErasures(ports.lake, ports.lakeBucket);
  const isAgain = isListed(erasures, subject.name, ids);
  const erasureId = ids.find((each) => erasures.get(subject.name)?.has(each)) ?? ids[0]!;
  const nameless: Person = { subject, id, keys: new Map(), tokens: new Set() };
  if (options.dryRun) return preview(nameless, erasureId, isAgain, ports);

  const requestedAt = new Date();
  await enlist(ports.lake, ports.lakeBucket, subject.name, erasureId);
  const note = (status: 'running' | 'done', counts: Readonly<Record<string, number>>) =>
    noteErasure(ports.warehouse, { erasureId, subject: subject.name, requestedAt, status, counts });
  // Then its steps told nobody what they had removed.
  const wasCutOff = (await note('running', {})) === 'running';
  ports.progress('the doors are closed; what is on its way settles');
  await delay(options.settleMs);

  const person = await keepRequest(ports, erasureId, { ...nameless, ...(await tracesOf(nameless, ports)) });
  const ownership = new Ownership(person, ports.contracts, ports.keys);
  const places = new Map<string, Found>();
  const look = async (place: Place) => places.set(place.name, await place.look(ownership, true));

  // Before the wait for files: what is ingested meanwhile loses its lines of theirs, and would be no sign of them any more.
  await look(landing(ports));
  await untilLandingEnded(ports);
  const files = await eraseFiles(ports, subject.name, requestName(erasureId), true);
  places.set('raw files', files.raw).set('processed files', files.processed);
  ports.progress('letters, quarantine and other objects');
  for (const place of [letters(ports), quarantine(ports), otherObjects(ports)]) await look(place);
  ports.progress('the warehouse and the online store');
  await look(stagingRows(ports));
  await untilChainForgot(ports);
  for (const place of [martRows(ports, MART_DATASETS), operationsRows(ports), onlineStore(ports)]) await look(place);
  ports.progress('topics');
  await look(topics(ports));

  ports.progress('everything is looked at again');
  await prove(ownership, ports, places);
  const found = total(places);
  const isMistyped = isNobody(places) && !isAgain;
  places.set(damagedFiles(ports).name, await damagedFiles(ports).look(ownership, !isMistyped));
  if (isMistyped) await strikeOff(ports.lake, ports.lakeBucket, subject.name, erasureId);
  else if (found > 0 || wasCutOff) await tellChain([...subject.fields.keys()], erasureId, ports);
  await dropRequest(ports, erasureId);
  await look(oldVersions(ports));
  await note('done', Object.fromEntries([...places].map(([name, { removed }]) => [name, removed])));
  return { erasureId, places, listed: !isMistyped };
}

/** The places where a look is cheap enough to be made twice. Files of the lake were proved by the pipeline's last look. */
function searched(ports: ErasePorts): readonly Place[] {
  return [
    letters(ports),
    quarantine(ports),
    otherObjects(ports),
    stagingRows(ports),
    martRows(ports, MART_DATASETS),
    operationsRows(ports),
    onlineStore(ports),
    topics(ports),
  ];
}

async function preview(person: Person, erasureId: string, listed: boolean, ports: ErasePorts): Promise<EraseReport> {
  const whole = await keepRequest(ports, erasureId, { ...person, ...(await tracesOf(person, ports)) });
  const ownership = new Ownership(whole, ports.contracts, ports.keys);
  try {
    const files = await eraseFiles(ports, person.subject.name, requestName(erasureId), false);
    const places = new Map<string, Found>([
      ['raw files', files.raw],
      ['processed files', files.processed],
    ]);
    for (const place of [landing(ports), ...searched(ports), damagedFiles(ports)])
      places.set(place.name, await place.look(ownership, false));
    return { erasureId, places, listed };
  } finally {
    // An erasure that died half-way needs its request still.
    if (!listed) await dropRequest(ports, erasureId);
  }
}

async function prove(ownership: Ownership, ports: ErasePorts, places: ReadonlyMap<string, Found>): Promise<void> {
  const left: string[] = [];
  for (const place of searched(ports)) {
    const { found } = await place.look(ownership, false);
    // Why it could not be removed was said when that was tried.
    const notes = places.get(place.name)?.notes ?? [];
    if (found > 0) left.push([`${place.name} (${found})`, ...notes].join(': '));
  }
  if (left.length === 0) return;
  throw new TributaryError(
    'ERASE_INCOMPLETE',
    'transient',
    `Data of the person is left in ${left.join(', ')}. Something wrote it while the erasure ran; run the same command again.`,
  );
}

async function tellChain(streams: readonly string[], erasureId: string, { bus }: ErasePorts): Promise<void> {
  const now = new Date();
  const identity = ['erasure', erasureId, now.toISOString()];
  await bus.publish('chain', [
    chainMessage(
      chainEvent({
        type: 'warehouse.loaded',
        runId: digestId(identity),
        streams,
        counts: { objects: 0, rows: 0, bytes: 0, quarantined: 0 },
        detail: { manifest: `erasure-${digestId(identity)}`, job_id: 'erased', objects: 0 },
        identity,
      }),
    ),
  ]);
}

/** Whether nothing in any place is a sign that there is such a person. */
export function isNobody(places: ReadonlyMap<string, Found>): boolean {
  return [...places.values()].every(({ found, guessed = 0 }) => found === guessed);
}

function total(places: ReadonlyMap<string, Found>): number {
  return [...places.values()].reduce((sum, { found }) => sum + found, NOTHING.found);
}
