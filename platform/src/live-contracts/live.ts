import { type Contracts, notCompiled, parseContracts } from '../contracts/load.ts';
import type { Logger } from '../log/index.ts';
import type { ContractsSource } from './source.ts';

/** How old a look at the source may be. The pipeline looks every ten seconds. */
const LOOK_EVERY_MS = 2_000;

export interface LiveContractsOptions {
  readonly log: Logger;
  readonly lookEveryMs?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * The compiled contracts as they are now: a process that asks for them with every piece of work follows a changed contract without a restart.
 *
 * asked → looked at less than two seconds ago: the same object → same version: the same → else read and checked as a whole → all streams are replaced at
 * once. What cannot be read or is not in order changes nothing and is reported once for each version of it. One look goes on at a time.
 */
export class LiveContracts {
  readonly #source: ContractsSource;
  readonly #log: Logger;
  readonly #lookEveryMs: number;
  readonly #now: () => number;
  #contracts: Contracts;
  #version: string;
  #text: string;
  #lookedAt: number;
  #look: Promise<void> | undefined;
  #reported: string | undefined;

  private constructor(
    source: ContractsSource,
    { log, lookEveryMs = LOOK_EVERY_MS, now = Date.now }: LiveContractsOptions,
    version: string,
    text: string,
  ) {
    this.#source = source;
    this.#log = log;
    this.#lookEveryMs = lookEveryMs;
    this.#now = now;
    this.#version = version;
    this.#text = text;
    this.#contracts = parseContracts(text, source.name);
    this.#lookedAt = now();
  }

  /** @throws {UserError} CONTRACTS_NOT_COMPILED where there are none to begin with. */
  static async open(source: ContractsSource, options: LiveContractsOptions): Promise<LiveContracts> {
    // The version first: content that changes in between is then read once more.
    const version = await source.version().catch(() => 'unread');
    const text = await source.read().catch((error: unknown) => {
      throw notCompiled(source.name, error);
    });
    return new LiveContracts(source, options, version, text);
  }

  /** What was found at the last look. */
  get current(): Contracts {
    return this.#contracts;
  }

  /**
   * The contracts, looked at again where the last look is old. The same object as before unless they changed.
   *
   * @param options.force looks in any case.
   */
  async fresh({ force = false } = {}): Promise<Contracts> {
    if (force || this.#now() - this.#lookedAt >= this.#lookEveryMs) {
      this.#look ??= this.#lookAgain().finally(() => {
        this.#lookedAt = this.#now();
        this.#look = undefined;
      });
      await this.#look;
    }
    return this.#contracts;
  }

  async #lookAgain(): Promise<void> {
    let version = 'unreachable';
    try {
      version = await this.#source.version();
      if (version === this.#version) {
        this.#reported = undefined;
        return;
      }
      const text = await this.#source.read();
      const contracts = text === this.#text ? this.#contracts : parseContracts(text, this.#source.name);
      const changes = changesBetween(this.#contracts, contracts);
      const isSame = contracts === this.#contracts;
      this.#contracts = contracts;
      this.#text = text;
      this.#version = version;
      this.#reported = undefined;
      // Written again, or a broken one taken back.
      if (isSame) return;
      this.#log.info({ contracts: this.#source.name, changes }, 'the contracts changed and are in force');
    } catch (error) {
      if (this.#reported === version) return;
      this.#reported = version;
      this.#log.error(
        { contracts: this.#source.name, code: 'CONTRACTS_BROKEN', reason: (error as Error).message },
        'the contracts changed and cannot be used; the old ones stay in force. Run: npm run contracts',
      );
    }
  }
}

/** `orders 1.0.0 → 1.1.0`, for every stream whose version changed. */
function changesBetween(before: Contracts, after: Contracts): string[] {
  const streams = [...new Set([...before.keys(), ...after.keys()])].sort();
  return streams
    .map((stream) => ({ stream, from: before.get(stream)?.version, to: after.get(stream)?.version }))
    .filter(({ from, to }) => from !== to)
    .map(({ stream, from = 'none', to = 'none' }) => `${stream} ${from} → ${to}`);
}
