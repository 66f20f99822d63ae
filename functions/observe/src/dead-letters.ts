import { parseDeadLetter } from '@tributary/platform/events';
import type { Lake } from '@tributary/platform/lake';
import { count, set } from '@tributary/platform/metrics';
import pLimit from 'p-limit';

/** `dead-letter/<stream>/<stage>/dt=YYYY-MM-DD/<id>.json`, or the mark beside it. docs/interfaces.md#dead-letter */
const LETTER =
  /^dead-letter\/(?<stream>[^/]+)\/(?<stage>[^/]+)\/dt=[^/]+\/(?<id>[0-9a-f]{32})\.(?<kind>json|replayed)$/;

/** Letters read at one look, for their reasons; a flood has one reason, as a rule, and what is not read is counted as `unread`. */
const MAX_READ = 200;
const CONCURRENT_READS = 16;

interface Letter {
  readonly name: string;
  readonly stream: string;
  readonly stage: string;
}

/** Says how many dead letters are open, and counts new ones by their reason. */
export class DeadLetters {
  readonly #lake: Lake;
  readonly #bucket: string;
  /** Undefined before the first look: what is there then came before this process, which did not see it come. */
  #seen: Set<string> | undefined;
  /** Stream and stage of gauges that were set, for a gauge of which all letters were replayed is 0. */
  readonly #told = new Map<string, Letter>();

  constructor(lake: Lake, bucket: string) {
    this.#lake = lake;
    this.#bucket = bucket;
  }

  async report(): Promise<void> {
    const letters = new Map<string, Letter>();
    const replayed = new Set<string>();
    for await (const { name } of this.#lake.list(this.#bucket, 'dead-letter/')) {
      const { stream, stage, id, kind } = LETTER.exec(name)?.groups ?? {};
      if (!stream || !stage || !id) continue;
      if (kind === 'json') letters.set(id, { name, stream, stage });
      else replayed.add(id);
    }
    this.#setOpen([...letters].filter(([id]) => !replayed.has(id)).map(([, letter]) => letter));
    if (this.#seen) await this.#countNew([...letters].filter(([id]) => !this.#seen!.has(id)).map(([, each]) => each));
    this.#seen = new Set(letters.keys());
  }

  #setOpen(open: readonly Letter[]): void {
    const key = ({ stream, stage }: Letter) => `${stream}/${stage}`;
    for (const letter of open) this.#told.set(key(letter), letter);
    for (const [name, { stream, stage }] of this.#told) {
      set('tributary.dead_letter.open', open.filter((letter) => key(letter) === name).length, { stream, stage });
    }
  }

  async #countNew(fresh: readonly Letter[]): Promise<void> {
    const limit = pLimit(CONCURRENT_READS);
    await limit.map(fresh, async ({ name, stream, stage }, index) => {
      const reason = index < MAX_READ ? await this.#reasonOf(name) : 'unread';
      count('tributary.dead_letter.letters', 1, { stream, stage, reason });
    });
  }

  async #reasonOf(name: string): Promise<string> {
    const found = await this.#lake.read(this.#bucket, name);
    try {
      return found ? parseDeadLetter(found.body).reason : 'unread';
    } catch {
      return 'unread';
    }
  }
}
