import { ARRIVALS, arrivalSchema, leaseSchema, manifestSchema, parseControl, type StoredManifest } from '../format.ts';
import type { Watcher } from '../testing/index.ts';

/**
 * What holds in `control/` at every moment, whoever does what in whatever order. It sees each change as it takes effect.
 *
 * - A telling of an arrival is written once, and removed only when a manifest that has it ended, or one that did its id; never while it is worked on.
 * - A manifest's number is the highest so far and one, and the one before has ended. What began stays what it is: arrivals, start and id never change, attempts
 *   count up one by one, and nothing changes once it ended. The highest is never removed.
 * - A number that was pruned may be written again by one who paused for very long, and then nothing is ever done for it.
 * - The lease is never removed, and its epoch counts the changes of hands.
 */
export class Invariants {
  readonly violations: string[] = [];
  /** The last version of every manifest that ever was. */
  readonly #manifests = new Map<number, StoredManifest>();
  readonly #rewritten = new Set<number>();
  #highest = 0;

  readonly watch: Watcher = (name, before, after) => {
    if (name.startsWith(ARRIVALS)) this.#arrival(name, before, after);
    else if (name.includes('/manifests/')) this.#manifest(name, before, after);
    else this.#lease(name, before, after);
  };

  /** Manifests that ended well, also those that were pruned since. */
  done(): StoredManifest[] {
    return [...this.#manifests.values()].filter(({ state }) => state === 'done');
  }

  #arrival(name: string, before: Buffer | undefined, after: Buffer | undefined): void {
    if (before && after) this.#broken(name, 'was written twice');
    if (!before || after) return;
    const { id, nonce } = parseControl(arrivalSchema, name, before);
    const isCovered = [...this.#manifests.values()].some(
      ({ state, arrivals }) =>
        (state !== 'open' && arrivals.some((arrival) => [arrival.nonce, ...arrival.repeats].includes(nonce))) ||
        (state === 'done' && arrivals.some((arrival) => arrival.id === id)),
    );
    if (!isCovered) this.#broken(name, 'was removed and nobody did it');
    const open = this.#manifests.get(this.#highest);
    const isUnderWay = open?.state === 'open' && open.arrivals.some((arrival) => arrival.nonce === nonce);
    if (isUnderWay) this.#broken(name, 'was removed while it is worked on');
  }

  #manifest(name: string, before: Buffer | undefined, after: Buffer | undefined): void {
    const now = parseControl(manifestSchema, name, (after ?? before)!);
    const { number } = now;
    if (!after) {
      if (number === this.#highest) this.#broken(name, 'is the highest and was removed');
      return;
    }
    if (!before) this.#begun(name, now);
    else this.#changed(name, this.#manifests.get(number)!, now);
    if (!this.#rewritten.has(number)) this.#manifests.set(number, now);
  }

  #begun(name: string, now: StoredManifest): void {
    if (now.state !== 'open' || now.attempt !== 1) this.#broken(name, `began ${now.state}, attempt ${now.attempt}`);
    if (this.#manifests.has(now.number)) {
      this.#rewritten.add(now.number);
      return;
    }
    if (now.number !== this.#highest + 1) this.#broken(name, `followed ${this.#highest}`);
    if (this.#manifests.get(this.#highest)?.state === 'open') this.#broken(name, 'began while another was open');
    for (const { nonce } of now.arrivals) {
      const isDone = this.done().some(({ arrivals }) => arrivals.some((arrival) => arrival.nonce === nonce));
      if (isDone) this.#broken(name, 'has an arrival that was done');
    }
    this.#highest = now.number;
  }

  #changed(name: string, was: StoredManifest, now: StoredManifest): void {
    if (this.#rewritten.has(now.number)) this.#broken(name, 'was pruned, came back, and was worked on');
    if (was.state !== 'open') this.#broken(name, `was ${was.state} and changed`);
    if (now.attempt !== was.attempt && now.attempt !== was.attempt + 1) this.#broken(name, 'skipped an attempt');
    const whatStays = ({ id, openedAt, arrivals }: StoredManifest) => JSON.stringify({ id, openedAt, arrivals });
    if (whatStays(was) !== whatStays(now)) this.#broken(name, 'is not what it began as');
  }

  #lease(name: string, before: Buffer | undefined, after: Buffer | undefined): void {
    if (!after) {
      this.#broken(name, 'was removed');
      return;
    }
    const now = parseControl(leaseSchema, name, after);
    const was = before && parseControl(leaseSchema, name, before);
    const hasNewHolder = now.holder !== null && now.holder !== was?.holder;
    if (now.epoch !== (was?.epoch ?? 0) + (hasNewHolder ? 1 : 0)) this.#broken(name, 'miscounts who held it');
  }

  #broken(name: string, what: string): void {
    this.violations.push(`${name} ${what}`);
  }
}
