import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionRecord } from './execution.ts';

/** Ended executions kept per job; older ones are forgotten with their logs. The cloud keeps 1,000. https://cloud.google.com/run/quotas#cloud_run_limits */
const KEPT_PER_JOB = 200;

/** Executions, one file each, so that they outlive this process however it ends. */
export class ExecutionStore {
  readonly #folder: string;
  readonly #logFolder: string;
  readonly #records = new Map<string, ExecutionRecord>();

  constructor(folder: string, logFolder: string) {
    this.#folder = join(folder, 'executions');
    this.#logFolder = logFolder;
    mkdirSync(this.#folder, { recursive: true });
    mkdirSync(logFolder, { recursive: true });
    for (const name of readdirSync(this.#folder)) {
      // A file that was being written when the process was killed has another ending; its execution never started or keeps its former record.
      if (!name.endsWith('.json')) rmSync(join(this.#folder, name), { force: true });
      else this.#remember(JSON.parse(readFileSync(join(this.#folder, name), 'utf8')));
    }
  }

  /** Keeps the record; when this returns it survives a kill. */
  save(record: ExecutionRecord): void {
    const file = join(this.#folder, `${record.id}.json`);
    writeFileSync(`${file}.new`, JSON.stringify(record));
    renameSync(`${file}.new`, file);
    this.#remember(record);
    if (record.end) this.#forgetOldest(record.job);
  }

  get(id: string): ExecutionRecord | undefined {
    return this.#records.get(id);
  }

  /** Newest first. */
  ofJob(job: string): ExecutionRecord[] {
    return this.#newestFirst((record) => record.job === job);
  }

  /** Those whose end is not known. */
  open(): ExecutionRecord[] {
    return this.#newestFirst((record) => record.end === undefined);
  }

  logFile(id: string): string {
    return join(this.#logFolder, `${id}.log`);
  }

  #remember(record: ExecutionRecord): void {
    this.#records.set(record.id, record);
  }

  #newestFirst(filter: (record: ExecutionRecord) => boolean): ExecutionRecord[] {
    const found = [...this.#records.values()].filter(filter);
    return found.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  }

  #forgetOldest(job: string): void {
    const ended = this.ofJob(job).filter((record) => record.end !== undefined);
    for (const { id } of ended.slice(KEPT_PER_JOB)) {
      this.#records.delete(id);
      rmSync(join(this.#folder, `${id}.json`), { force: true });
      rmSync(this.logFile(id), { force: true });
    }
  }
}
