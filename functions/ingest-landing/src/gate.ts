import type { ChainEvent } from '@tributary/platform/events';
import { chainEvent, chainMessage } from '@tributary/platform/events';
import { GroupCommit, type LongWork } from '@tributary/platform/group-commit';
import type { Logger } from '@tributary/platform/log';
import { z } from 'zod';
import type { LandingBatches } from './batch.ts';
import { LANDING_COMMITS } from './commits.ts';
import { streamsOf } from './datasets.ts';
import { raiseIncident } from './incident.ts';
import { type LandingFile, landingFileSchema, objectId, objectReference } from './landing-file.ts';
import type { LandingPorts } from './ports.ts';
import { currentGeneration, quarantineFile } from './quarantine.ts';

const verdictSchema = z.object({
  manifest: z.string(),
  attempt: z.coerce.number().int(),
  failing: z.array(z.unknown()).default([]),
});

/** What the gate says of a file whose rows it could not look at: cut off, damaged, too large, in no encoding it should have. */
const unreadableSchema = z.object({
  expectation: z.literal('file_can_be_read'),
  detail: z.object({ error: z.string() }),
});

/** Files on their way through the quality gate, one at a time. */
export class LandingGate {
  readonly commit: GroupCommit<LandingFile>;
  readonly #ports: LandingPorts;
  readonly #batches: LandingBatches;

  constructor(ports: LandingPorts, batches: LandingBatches) {
    this.#ports = ports;
    this.#batches = batches;
    this.commit = new GroupCommit<LandingFile>({
      lake: ports.lake,
      bucket: ports.lakeBucket,
      name: `${LANDING_COMMITS}gate`,
      payload: landingFileSchema,
      maxArrivals: 1,
      carryFailed: false,
      ...(ports.clock ? { clock: ports.clock } : {}),
    });
  }

  async enter(file: LandingFile, log: Logger): Promise<void> {
    await this.commit.record(objectId(this.#ports.landingBucket, file), file);
    await this.commit.startNext(this.work(log));
  }

  /**
   * Takes the gate's verdict on the file it looked at. What follows is done before the manifest ends, so that a crash in between repeats it.
   */
  async takeVerdict(event: ChainEvent, log: Logger): Promise<void> {
    const verdict = verdictSchema.safeParse(event.detail);
    const open = await this.commit.openManifest();
    const isCurrent = verdict.success && open?.id === verdict.data.manifest && open.attempt === verdict.data.attempt;
    if (!isCurrent) {
      log.info('the verdict is of an earlier attempt; it changes nothing');
    } else if (event.status === 'failed' && verdict.data.failing.length === 0) {
      // The gate could not look: that is no verdict. Repair starts it again, and gives up aloud.
      log.error({ code: event.error?.code }, 'the landing gate did not run');
    } else {
      const file = open.arrivals[0]!.payload;
      if (event.status === 'ok') await this.#accept(file, event, log);
      else await this.#refuse(file, event, verdict.data.failing, log);
      await this.commit.finish(open.id, open.attempt, null);
    }
    await this.commit.startNext(this.work(log));
  }

  async #accept(file: LandingFile, event: ChainEvent, log: Logger): Promise<void> {
    const { lake, landingBucket, bus } = this.#ports;
    if ((await currentGeneration(lake, landingBucket, file.name)) !== file.generation) {
      log.warn(
        { object: file.name },
        'the file was replaced or removed while it was checked; a newer one is checked itself',
      );
      return;
    }
    const accepted = chainEvent({
      type: 'landing.accepted',
      runId: file.run_id,
      cause: event.event_id,
      streams: streamsOf(this.#ports.datasets, file.dataset),
      counts: { bytes: file.size },
      traceparent: event.traceparent,
      detail: { object: objectReference(landingBucket, file) },
    });
    await bus.publish('chain', [chainMessage(accepted)]);
    await this.#batches.enter(file, log);
  }

  async #refuse(file: LandingFile, event: ChainEvent, failing: readonly unknown[], log: Logger): Promise<void> {
    const unreadable = failing.map((it) => unreadableSchema.safeParse(it)).find(({ success }) => success)?.data;
    const broken = `The file broke ${failing.length} expectations of ${file.dataset}; mend it and drop it again. ops.quality_results has them.`;
    await quarantineFile(this.#ports, {
      dataset: file.dataset,
      name: file.name,
      generation: file.generation,
      code: unreadable ? 'UNREADABLE_FILE' : 'GATE_FAILED',
      message: unreadable ? `The file cannot be read: ${unreadable.detail.error}.` : broken,
      runId: file.run_id,
      cause: event.event_id,
      traceparent: event.traceparent,
    });
    log.error({ object: file.name, failing: failing.length }, 'a file did not pass the gate');
  }

  work(log: Logger): LongWork<LandingFile> {
    const { jobs, landingBucket } = this.#ports;
    return {
      start: async ({ id, attempt, arrivals }) => {
        const file = arrivals[0]!.payload;
        log.info({ manifest: id, attempt, object: file.name }, 'a file goes to the gate');
        return jobs.start('great-expectations', [
          ...['--gate', 'landing'],
          ...['--object', objectReference(landingBucket, file)],
          ...['--dataset', file.dataset],
          ...['--manifest', id],
          ...['--attempt', String(attempt)],
          ...['--run-id', file.run_id],
          // No event of the chain led here: the object did.
          ...['--cause', objectId(landingBucket, file)],
          ...['--traceparent', file.traceparent],
        ]);
      },
      state: (execution) => jobs.state(execution),
      failed: async ({ id, attempt, arrivals }, failure) => {
        const file = arrivals[0]!.payload;
        log.error({ manifest: id, object: file.name, code: failure.code }, 'a file could not be checked');
        await raiseIncident(
          this.#ports,
          { ...file, runId: file.run_id },
          {
            ...failure,
            runbook: 'quality-gate-failed',
            counts: { attempts: attempt },
            detail: { stage: 'landing-gate', manifest: id, object: objectReference(landingBucket, file) },
          },
        );
      },
    };
  }
}
