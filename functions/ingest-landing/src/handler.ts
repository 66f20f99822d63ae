import type { DeliveredEvent, EventHandler } from '@tributary/platform/cloud-function';
import { chainEvent, chainMessage, childTraceparent, createTraceparent, digestId } from '@tributary/platform/events';
import { isAnyWaiting, systemClock } from '@tributary/platform/group-commit';
import { findObject } from '@tributary/platform/lake';
import type { Logger } from '@tributary/platform/log';
import { count } from '@tributary/platform/metrics';
import { LandingBatches } from './batch.ts';
import { LANDING_COMMITS } from './commits.ts';
import { streamsOf } from './datasets.ts';
import { LandingGate } from './gate.ts';
import { fingerprintOf, ingestedBefore } from './ingested.ts';
import { type LandingFile, mismatchOf, objectId, objectReference, placementOf } from './landing-file.ts';
import type { LandingPorts } from './ports.ts';
import { quarantineFile, removeLanded } from './quarantine.ts';

/** The event of a file that was first seen more lately is under way. */
const EVENT_GRACE_MS = 90_000;
/** A file that was given up is tried again after this long. */
const RETRY_GIVEN_UP_MS = 10 * 60_000;
/** Files looked at in one sweep; what is beyond waits for the next. */
const MAX_FILES_PER_SWEEP = 1_000;

interface Dropped {
  readonly name: string;
  readonly generation: string;
  /** Unknown where the event does not tell it. */
  readonly size?: number | undefined;
  /** RFC 3339. */
  readonly timeCreated: string;
}

/**
 * Takes files that people drop at `landing/<dataset>/` into the lake.
 *
 * dropped → quality gate (a job, `quality.checked` of gate landing) → pipeline in batch, `landing.accepted` → in the lake, `landing.ingested` and the
 * file is removed. A file that does not fit or does not pass goes sealed to quarantine with its reason. What became of each file is an event; none vanishes.
 */
export function landingHandler(ports: LandingPorts): EventHandler {
  const batches = new LandingBatches(ports);
  const gate = new LandingGate(ports, batches);
  const now = () => (ports.clock ?? systemClock).now();
  /** Object ids of files that lie in the landing bucket while nothing is under way, and since when they wait for the sweep. */
  let lying = new Map<string, number>();

  /** Where all is well this costs two listings, of nothing: of what waits, and of the landing bucket. */
  async function sweep(log: Logger): Promise<void> {
    if (await isAnyWaiting(ports.lake, ports.lakeBucket, LANDING_COMMITS)) {
      await gate.commit.repair(gate.work(log));
      await batches.commit.repair(batches.work(log));
      return;
    }
    const seen = new Map<string, number>();
    for await (const object of ports.lake.list(ports.landingBucket, '')) {
      if (seen.size >= MAX_FILES_PER_SWEEP) break;
      const id = objectId(ports.landingBucket, object);
      seen.set(id, lying.get(id) ?? now());
      if (now() - seen.get(id)! < EVENT_GRACE_MS) continue;
      log.warn({ object: object.name }, 'the sweep found a file whose event never came or that was given up');
      await considerFile(ports, gate, { ...object, timeCreated: generationTime(object.generation) }, undefined, log);
      count('tributary.sweep.repairs', 1, { commit: gate.commit.name, repaired: 'event' });
      seen.set(id, now() + RETRY_GIVEN_UP_MS);
    }
    lying = seen;
  }

  return async (delivered: DeliveredEvent, log: Logger) => {
    if (delivered.kind === 'object') {
      const { object, traceparent } = delivered;
      if (object.bucket === ports.landingBucket) await considerFile(ports, gate, object, traceparent, log);
      else log.info({ bucket: object.bucket }, 'the object is not for this function');
    } else if (delivered.event.type === 'sweep.tick') {
      await sweep(log);
    } else if (delivered.event.type === 'quality.checked' && delivered.event.detail.gate === 'landing') {
      await gate.takeVerdict(delivered.event, log);
    }
  };
}

async function considerFile(
  ports: LandingPorts,
  gate: LandingGate,
  dropped: Dropped,
  parent: string | undefined,
  log: Logger,
): Promise<void> {
  const { lake, landingBucket } = ports;
  // Consoles make an empty object for a folder.
  if (dropped.name.endsWith('/')) return;
  const runId = digestId(['run', objectId(landingBucket, dropped)]);
  const traceparent = parent ? childTraceparent(parent) : createTraceparent(runId);
  const { name, generation } = dropped;
  const size = dropped.size ?? (await findObject(lake, landingBucket, name))?.size;
  if (size === undefined) {
    log.info({ object: name }, 'the file is gone; there is nothing to do for this event');
    return;
  }
  const placement = placementOf(name, size, ports.datasets);
  if ('problem' in placement) {
    const { dataset, problem, message } = placement;
    log.error({ object: name, code: problem }, 'a file cannot be ingested');
    await quarantineFile(ports, { dataset, name, generation, code: problem, message, runId, traceparent });
    return;
  }
  const { dataset } = placement;
  const found = await lake.read(landingBucket, name);
  if (found?.object.generation !== generation) {
    log.info({ object: name }, 'the file is gone or was replaced; there is nothing to do for this event');
    return;
  }
  const message = mismatchOf(placement, found.body);
  if (message !== undefined) {
    log.error({ object: name, code: 'FORMAT_MISMATCH' }, 'a file is not what its name says');
    await quarantineFile(ports, { dataset, name, generation, code: 'FORMAT_MISMATCH', message, runId, traceparent });
    return;
  }
  const file: LandingFile = {
    ...placement,
    ...{ name, generation, size, timeCreated: dropped.timeCreated, run_id: runId, traceparent },
    fingerprint: fingerprintOf(found.body, ports.piiKeys),
  };
  const before = await ingestedBefore(ports, name, file.fingerprint);
  if (before === undefined) await gate.enter(file, log);
  // This very object, which a crash left behind after it was ingested.
  else if (before === generation) await removeLanded(ports, file);
  else await dropAgain(ports, file, before, log);
}

/** The same file again adds nothing. */
async function dropAgain(ports: LandingPorts, file: LandingFile, before: string, log: Logger): Promise<void> {
  const event = chainEvent({
    type: 'landing.ingested',
    runId: file.run_id,
    streams: streamsOf(ports.datasets, file.dataset),
    counts: { bytes: 0 },
    traceparent: file.traceparent,
    detail: { object: objectReference(ports.landingBucket, file), same_as_generation: before },
  });
  await ports.bus.publish('chain', [chainMessage(event)]);
  await removeLanded(ports, file);
  log.info({ object: file.name, same_as: before }, 'the same file was ingested before; it adds nothing');
}

/** When an object was written, by its generation: microseconds since the epoch on GCS, milliseconds on MinIO. */
function generationTime(generation: string): string {
  const number = Number(generation);
  return new Date(number > 1e14 ? number / 1_000 : number).toISOString();
}
