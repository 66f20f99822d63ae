import type { CompiledContract } from '@tributary/platform/contracts';
import {
  type JobFault,
  LoadJobFailedError,
  type LoadOutcome,
  LoadRejectedError,
  type LoadRequest,
  type Row,
  type Warehouse,
} from '@tributary/platform/warehouse';
import type { LedgerEntry } from '../ledger.ts';

/** A warehouse that loads each job once, refuses bad objects as BigQuery does (the whole job), and keeps the ledger of loads. */
export class MemoryWarehouse implements Warehouse {
  /** How often each URI was appended to its table. */
  readonly appended = new Map<string, number>();
  readonly jobs = new Map<string, { request: LoadRequest; failed: boolean; fault?: JobFault }>();
  readonly ledger = new Map<string, LedgerEntry>();
  readonly badUris = new Set<string>();
  /** Contracts that tables were brought up to. */
  readonly ensured: string[] = [];
  /** Whether a refusal names the object at fault. */
  namesBadUris = false;
  /** Refuses every job for this reason, naming no object. */
  refusesAllFor: string | undefined;
  /** Each of these reasons, in turn, ends one new job though its objects are in order; the job stays failed. */
  readonly failsFor: string[] = [];
  rowsPerObject = 10;
  /** What a replacement finds: rows that both contents hold, and rows of the hour that no file holds. */
  replaced = { shared: 0, orphans: 0 };
  /** Statements beside those on the ledger. */
  readonly otherStatements: string[] = [];
  /** Called before each step; throws to simulate a crash or an outage. */
  interfere: (step: 'load' | 'loaded' | 'query') => void = () => undefined;

  async load(request: LoadRequest): Promise<LoadOutcome> {
    this.interfere('load');
    if (this.refusesAllFor !== undefined) {
      this.jobs.set(request.jobId, { request, failed: true });
      const fault = { reason: this.refusesAllFor, location: undefined, message: 'Not found: Table staging.orders' };
      throw new LoadRejectedError(request.jobId, [fault], request.uris);
    }
    const known = this.jobs.get(request.jobId);
    const bad = request.uris.filter((uri) => this.badUris.has(uri));
    const reason = known ? undefined : this.failsFor.shift();
    if (reason !== undefined) {
      const fault = { reason, location: undefined, message: 'come back later' };
      this.jobs.set(request.jobId, { request, failed: true, fault });
    } else if (!known) {
      this.jobs.set(request.jobId, { request, failed: bad.length > 0 });
      if (bad.length === 0 && request.dataset === 'staging') {
        for (const uri of request.uris) this.appended.set(uri, (this.appended.get(uri) ?? 0) + 1);
      }
    }
    const { failed, fault } = this.jobs.get(request.jobId)!;
    if (fault) throw new LoadJobFailedError(request.jobId, [fault], { wasThere: known !== undefined });
    if (failed) {
      const location = this.namesBadUris ? bad[0] : undefined;
      throw new LoadRejectedError(
        request.jobId,
        [{ reason: 'invalid', location, message: 'not Parquet' }],
        request.uris,
      );
    }
    this.interfere('loaded');
    return { jobId: request.jobId, rows: request.uris.length * this.rowsPerObject, bytes: 0 };
  }

  async query<T extends Row = Row>(sql: string, { params = {} }: { params?: Readonly<Record<string, unknown>> } = {}) {
    this.interfere('query');
    if (sql.trimStart().startsWith('MERGE ops.loads')) {
      for (const entry of JSON.parse(params.entries as string) as LedgerEntry[]) {
        if (!this.ledger.has(entry.object_id)) this.ledger.set(entry.object_id, entry);
      }
      return [];
    }
    if (!sql.includes('ops.loads')) {
      this.otherStatements.push(sql.trim());
      return (/\bAS orphans\b/.test(sql) ? [this.replaced] : []) as unknown as T[];
    }
    const names = new Set(params.names as string[]);
    return [...this.ledger.values()].filter(({ name }) => names.has(name)) as unknown as T[];
  }

  async insert(): Promise<void> {}
  async migrate(): Promise<void> {}

  async ensureStaging({ stream, version }: CompiledContract): Promise<void> {
    this.ensured.push(`${stream} ${version}`);
  }
}
