import { chainEvent, chainMessage } from '@tributary/platform/events';
import { GroupCommit, type LongWork } from '@tributary/platform/group-commit';
import type { Logger } from '@tributary/platform/log';
import { LANDING_COMMITS } from './commits.ts';
import { streamsOf } from './datasets.ts';
import { clearIncident, raiseIncident } from './incident.ts';
import { rememberIngested } from './ingested.ts';
import { type LandingFile, landingFileSchema, objectId, objectReference } from './landing-file.ts';
import { readReport, reportPath } from './landing-report.ts';
import type { LandingPorts } from './ports.ts';
import { quarantineFile, removeLanded } from './quarantine.ts';

/** Files on their way through the pipeline in batch, one at a time. The pipeline does not report its end: the sweep asks. */
export class LandingBatches {
  readonly commit: GroupCommit<LandingFile>;
  readonly #ports: LandingPorts;

  constructor(ports: LandingPorts) {
    this.#ports = ports;
    this.commit = new GroupCommit<LandingFile>({
      lake: ports.lake,
      bucket: ports.lakeBucket,
      name: `${LANDING_COMMITS}batch`,
      payload: landingFileSchema,
      maxArrivals: 1,
      carryFailed: false,
      // A launch may take minutes on a busy cluster; to launch it again meanwhile is harmless but dear.
      longWork: { startMs: 240_000 },
      ...(ports.clock ? { clock: ports.clock } : {}),
    });
  }

  async enter(file: LandingFile, log: Logger): Promise<void> {
    await this.commit.record(objectId(this.#ports.landingBucket, file), file);
    await this.commit.startNext(this.work(log));
  }

  work(log: Logger): LongWork<LandingFile> {
    const { launcher } = this.#ports;
    return {
      start: async ({ id, attempt, arrivals }) => {
        const file = arrivals[0]!.payload;
        const job = await launcher.launchBatch(`${file.run_id}-${attempt}`, this.#arguments(file));
        log.info({ manifest: id, attempt, object: file.name, job }, 'the pipeline was started over a file');
        return job;
      },
      state: (job) => launcher.state(job),
      succeeded: async ({ arrivals, openedAt }) => this.#takeReport(arrivals[0]!.payload, openedAt, log),
      failed: async ({ id, attempt, arrivals }, failure) => {
        const file = arrivals[0]!.payload;
        log.error({ manifest: id, object: file.name, code: failure.code }, 'a file could not be ingested');
        await this.#raise(file, failure, 'pipeline-not-running', { attempts: attempt });
      },
    };
  }

  /** The job ended well; whether the file could be taken is in its report. */
  async #takeReport(file: LandingFile, openedAt: number, log: Logger): Promise<void> {
    const report = await readReport(this.#ports, file);
    if (!report) {
      log.error({ object: file.name }, 'the pipeline ended without saying what became of a file');
      const message =
        'The pipeline ended without a report; it may be older than this function. The file stays in landing/.';
      await this.#raise(file, { code: 'REPORT_MISSING', message }, 'quarantine');
    } else if (report.error) {
      log.error({ object: file.name, code: report.error.code }, 'a file could not be read');
      await quarantineFile(this.#ports, {
        ...{ dataset: file.dataset, name: file.name, generation: file.generation },
        ...report.error,
        runId: file.run_id,
        traceparent: file.traceparent,
      });
    } else {
      await rememberIngested(this.#ports, file);
      await this.#tellIngested(file, openedAt, { rows: report.rows, dead_letters: report.dead_letters });
      await clearIncident(this.#ports, { ...file, runId: file.run_id });
      await removeLanded(this.#ports, file);
      log.info({ object: file.name, rows: report.rows, dead_letters: report.dead_letters }, 'a file was ingested');
    }
  }

  /** The pipeline's options for one file; where the lake is, the launcher knows. */
  #arguments(file: LandingFile): Record<string, string> {
    const { inputUri, landingBucket, piiKeysFile, datasets } = this.#ports;
    const { stream, mapping } = datasets.get(file.dataset)!;
    return {
      source: 'files',
      input: inputUri(landingBucket, file.name),
      stream,
      ...(mapping ? { mapping: JSON.stringify(mapping) } : {}),
      format: file.format,
      compression: file.compression,
      report: reportPath(landingBucket, file),
      generation: file.generation,
      objectTime: file.timeCreated,
      piiKeysFile,
    };
  }

  #raise(
    file: LandingFile,
    error: { code: string; message: string },
    runbook: string,
    counts: Record<string, number> = {},
  ): Promise<void> {
    return raiseIncident(
      this.#ports,
      { ...file, runId: file.run_id },
      {
        ...error,
        runbook,
        counts: { bytes: file.size, ...counts },
        detail: { stage: 'landing-batch', object: objectReference(this.#ports.landingBucket, file) },
      },
    );
  }

  async #tellIngested(file: LandingFile, openedAt: number, counts: Record<string, number>): Promise<void> {
    const event = chainEvent({
      type: 'landing.ingested',
      runId: file.run_id,
      streams: streamsOf(this.#ports.datasets, file.dataset),
      counts: { bytes: file.size, ...counts },
      startedAt: new Date(openedAt),
      traceparent: file.traceparent,
      detail: { stage: 'landing-batch', object: objectReference(this.#ports.landingBucket, file) },
    });
    await this.#ports.bus.publish('chain', [chainMessage(event)]);
  }
}
