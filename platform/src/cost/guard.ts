import type { Bus } from '../bus/port.ts';
import { type ChainEvent, chainEvent, chainMessage, digestId } from '../events/index.ts';
import { type Clock, systemClock } from '../group-commit/clock.ts';
import { isPreconditionFailed } from '../group-commit/conditions.ts';
import type { Lake } from '../lake/port.ts';
import type { Logger } from '../log/index.ts';
import type { Warehouse } from '../warehouse/port.ts';
import { type Account, afterLook, lookFrom, readAccount, stageOf } from './account.ts';
import type { BilledJob, BilledJobs } from './billed-jobs.ts';
import { CostBudgetSpentError, incidentOf, isSpent, STOPS_AT, type WorkKind } from './budget.ts';
import { quotaDay } from './day.ts';

export interface CostPorts {
  readonly jobs: BilledJobs;
  readonly lake: Lake;
  /** The bucket of `control/`. */
  readonly bucket: string;
  readonly bus: Pick<Bus, 'publish'>;
  /** Where `ops.costs` is. */
  readonly warehouse: Pick<Warehouse, 'insert'>;
  /** Bytes that BigQuery may bill a day. Undefined: costs are recorded and nothing is ever stopped. */
  readonly dailyBytes: number | undefined;
  readonly clock?: Clock;
  readonly log: Logger;
}

const ACCOUNT = 'control/cost/account.json';

/** Between two looks at BigQuery's list, by whichever process. What runs meanwhile is known late, each job of it capped by MAX_BYTES_BILLED. */
const LOOK_EVERY_MS = 30_000;

/**
 * Keeps account of what BigQuery bills a day and stops work when the day's budget is spent, optional work first.
 *
 * The account is not made by those who spend, who may die before they write it down, but from BigQuery's own list of jobs: whoever asks for admission and
 * finds the last look too old looks again. A look: list jobs since the last → `ops.costs` (one row a job, its id) → incidents → the account, by a
 * conditional write. Of several at once one account wins, and all of them told the same, under the same ids. A crash before the write repeats the look.
 */
export class CostGuard {
  readonly #ports: CostPorts;
  readonly #clock: Clock;
  #known: Account | undefined;
  #looking: Promise<Account> | undefined;

  constructor(ports: CostPorts) {
    this.#ports = ports;
    this.#clock = ports.clock ?? systemClock;
  }

  /**
   * Returns where work of that kind may start. Call it before each piece of work, and keep on record what is refused: it is admitted later. Cheap: BigQuery is
   * asked twice a minute at most. Where it cannot be asked, the last account holds: the guard never stops what it knows nothing of.
   *
   * @param stage who asks, for the message.
   * @throws {CostBudgetSpentError} COST_BUDGET_SPENT (transient).
   */
  async admit(kind: WorkKind, stage: string): Promise<void> {
    const { dailyBytes, log } = this.#ports;
    try {
      await this.look();
    } catch (error) {
      log.warn({ err: error, stage }, 'what BigQuery billed could not be looked up; the last account holds');
    }
    // Yesterday's account says nothing of today.
    if (dailyBytes === undefined || !this.#known || this.#known.day < quotaDay(this.#clock.now())) return;
    const { bytes } = this.#known;
    if (isSpent(kind, bytes, dailyBytes)) throw new CostBudgetSpentError(kind, stage, bytes, dailyBytes);
  }

  /** The day's account, at most half a minute old. */
  async look(): Promise<Account> {
    if (this.#known && !this.#isDue(this.#known)) return this.#known;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return await this.#looking;
  }

  async #look(): Promise<Account> {
    for (;;) {
      const found = await this.#read();
      this.#known = found?.account;
      if (found?.account && !this.#isDue(found.account)) return found.account;
      const next = await this.#lookedAt(found?.account);
      if (await this.#write(next, found?.token)) {
        this.#known = next;
        return next;
      }
      // Somebody else looked at the same time; theirs is the account.
    }
  }

  async #lookedAt(before: Account | undefined): Promise<Account> {
    const now = this.#clock.now();
    const listed = await this.#ports.jobs.since(lookFrom(before, now));
    const { account, ended } = afterLook(before, listed, now);
    await this.#record(ended);
    return await this.#tell(account);
  }

  async #record(jobs: readonly BilledJob[]): Promise<void> {
    if (jobs.length === 0) return;
    const rows = jobs.map((job) => ({
      job_id: job.id,
      day: quotaDay(job.createdAt),
      stage: stageOf(job),
      run_id: job.labels.run_id ?? null,
      stream: job.labels.stream ?? null,
      kind: job.kind,
      bytes_billed: job.bytesBilled,
      created_at: new Date(job.createdAt).toISOString(),
      ended_at: new Date(job.endedAt ?? job.createdAt).toISOString(),
    }));
    await this.#ports.warehouse.insert(
      'ops',
      'costs',
      rows,
      jobs.map(({ id }) => id),
    );
  }

  /** Says what has stopped since the account before, and what goes on. */
  async #tell(account: Account): Promise<Account> {
    const raised = { ...account.raised };
    const events: ChainEvent[] = [];
    for (const kind of Object.keys(STOPS_AT) as WorkKind[]) {
      const { dailyBytes } = this.#ports;
      const spent = dailyBytes !== undefined && isSpent(kind, account.bytes, dailyBytes);
      const { open = false, times = 0 } = raised[kind] ?? {};
      if (spent === open) continue;
      const turn = spent ? times + 1 : times;
      raised[kind] = { open: spent, times: turn };
      events.push(this.#event(kind, spent, turn, account));
    }
    if (events.length > 0) await this.#ports.bus.publish('chain', events.map(chainMessage));
    return { ...account, raised };
  }

  #event(kind: WorkKind, spent: boolean, turn: number, { day, bytes, stages }: Account): ChainEvent {
    const budget = this.#ports.dailyBytes ?? 0;
    const incident = incidentOf(kind);
    const dearest = Object.entries(stages).sort(([, a], [, b]) => b - a)[0]?.[0];
    const error = spent ? new CostBudgetSpentError(kind, `${kind} work`, bytes, budget) : null;
    return chainEvent({
      type: spent ? 'incident.raised' : 'incident.cleared',
      runId: digestId(['cost', day]),
      counts: { bytes_billed_today: bytes, daily_bytes_budget: budget },
      finishedAt: new Date(this.#clock.now()),
      detail: { incident, stage: 'cost', day, runbook: 'cost-budget', ...(dearest ? { dearest_stage: dearest } : {}) },
      // The look is repeated after a crash, and may have seen more by then.
      identity: [incident, String(turn)],
      error: error && { code: error.code, message: error.message },
    });
  }

  #isDue({ lookedAt, day }: Account): boolean {
    const now = this.#clock.now();
    // What was looked at in the future was looked at by another clock.
    return Math.abs(now - lookedAt) >= LOOK_EVERY_MS || day < quotaDay(now);
  }

  /** The account and the token of what is stored. One that another version wrote is made anew, from BigQuery's list of the day. */
  async #read(): Promise<{ account: Account | undefined; token: string } | undefined> {
    const { lake, bucket, log } = this.#ports;
    const found = await lake.read(bucket, ACCOUNT);
    if (!found) return undefined;
    const account = readAccount(found.body);
    if (!account) log.warn({ object: ACCOUNT }, 'the account of costs is of another version and is made anew');
    return { account, token: found.object.token };
  }

  async #write(account: Account, token: string | undefined): Promise<boolean> {
    const condition = token === undefined ? { ifAbsent: true } : { ifMatch: token };
    try {
      const options = { ...condition, contentType: 'application/json' };
      await this.#ports.lake.write(this.#ports.bucket, ACCOUNT, JSON.stringify(account), options);
      return true;
    } catch (error) {
      if (!isPreconditionFailed(error)) throw error;
      return false;
    }
  }
}
