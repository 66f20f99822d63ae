import { TransientError } from '@tributary/platform/errors';
import { type Clock, GroupCommit, type Manifest, type Pace } from '@tributary/platform/group-commit';
import type { Lake } from '@tributary/platform/lake';
import type { Logger } from '@tributary/platform/log';
import { z } from 'zod';
import { type Channel, ChannelRefusedError } from './channels/index.ts';
import { foldedMessage, type Links, type Message, messageOf } from './message.ts';
import { type Notice, noticeSchema } from './notice.ts';

export interface OutboxPorts {
  readonly lake: Lake;
  /** The bucket of `control/`. */
  readonly bucket: string;
  readonly clock: Clock;
  readonly links: Links;
  /** Messages of one channel in a minute, before the rest waits for it to pass and becomes one. */
  readonly maxPerMinute: number;
}

/** What was posted, so that a crash between two messages repeats one of them and not all. */
const journalSchema = z.object({
  manifest: z.string(),
  posted: z.array(z.string()),
  /** Of the last minute, in milliseconds. */
  times: z.array(z.number()),
});
type Journal = z.output<typeof journalSchema>;

const MINUTE_MS = 60_000;

/** How long the event that brings a notice goes on posting those of others; the sweep posts what is left. */
const BUDGET_MS = 10_000;

/**
 * What one channel is to be told, as a group commit: put on record, then posted by one process at a time.
 *
 * A channel that does not take a message keeps it, and all behind it, for the next event or sweep; other channels do not wait for it. More than `maxPerMinute`
 * at once are one message; where so many went out in the last minute, what comes waits until it is over, and is one message then. At least once: whoever dies
 * between the chat's answer and the journal posts that message again.
 */
export class Outbox {
  readonly #channel: Channel;
  readonly #ports: OutboxPorts;
  readonly #commit: GroupCommit<Notice>;

  constructor(channel: Channel, ports: OutboxPorts) {
    this.#channel = channel;
    this.#ports = ports;
    const { lake, bucket, clock } = ports;
    this.#commit = new GroupCommit<Notice>({
      ...{ lake, bucket, clock, payload: noticeSchema },
      name: `notify-${channel.name}`,
      pace: this.#pace(),
      budgetMs: BUDGET_MS,
    });
  }

  /** Once this resolves the notice is not lost. The same again is the same. */
  async add(notice: Notice): Promise<void> {
    await this.#commit.record(notice.id, notice);
  }

  /** Posts what waits, unless somebody else is at it. Never throws: what could not be posted waits, and is in the log. */
  async flush(log: Logger): Promise<void> {
    try {
      await this.#commit.drain({
        run: (manifest) => this.#post(manifest, log),
        failed: async (manifest, error) => {
          log.error(
            { channel: this.#channel.name, manifest: manifest.id, code: error.code },
            'people could not be told',
          );
        },
      });
    } catch (error) {
      log.error({ channel: this.#channel.name, reason: (error as Error).message }, 'people could not be told yet');
    }
  }

  async #post(manifest: Manifest<Notice>, log: Logger): Promise<void> {
    const journal = await this.#journal();
    const posted = new Set(journal.manifest === manifest.id ? journal.posted : []);
    const left = manifest.arrivals
      .map(({ payload }) => payload)
      .filter(({ id }) => !posted.has(id))
      .sort((a, b) => a.at.localeCompare(b.at));
    let { times } = this.#recent(journal);
    for (const [message, notices] of this.#messages(left, times.length)) {
      await this.#postOne(message, log);
      for (const { id } of notices) posted.add(id);
      times = [...times, this.#ports.clock.now()];
      await this.#write({ manifest: manifest.id, posted: [...posted], times });
    }
  }

  #messages(notices: readonly Notice[], sentLately: number): [Message, readonly Notice[]][] {
    const { links, maxPerMinute } = this.#ports;
    if (notices.length > 1 && notices.length > maxPerMinute - sentLately)
      return [[foldedMessage(notices, links), notices]];
    return notices.map((notice) => [messageOf(notice, links), [notice]]);
  }

  async #postOne(message: Message, log: Logger): Promise<void> {
    try {
      await this.#channel.post(message);
    } catch (error) {
      // It would be refused for ever, and hold up what is behind it.
      if (error instanceof ChannelRefusedError) {
        log.error(
          { channel: this.#channel.name, reason: error.message, title: message.title },
          'a message was given up',
        );
        return;
      }
      throw error instanceof TransientError
        ? error
        : new TransientError('CHANNEL_UNAVAILABLE', 'a channel failed', { cause: error });
    }
  }

  #pace(): Pace {
    return {
      waitMs: async () => {
        const { times } = this.#recent(await this.#journal());
        const { maxPerMinute, clock } = this.#ports;
        const oldest = times.at(-maxPerMinute);
        return oldest === undefined ? 0 : oldest + MINUTE_MS - clock.now();
      },
    };
  }

  #recent(journal: Journal): Journal {
    const now = this.#ports.clock.now();
    return { ...journal, times: journal.times.filter((time) => time <= now && now - time < MINUTE_MS) };
  }

  get #journalName(): string {
    return `control/notify/posted/${this.#channel.name}.json`;
  }

  /** Written under the commit's lease only. */
  async #journal(): Promise<Journal> {
    const found = await this.#ports.lake.read(this.#ports.bucket, this.#journalName);
    return found
      ? journalSchema.parse(JSON.parse(found.body.toString('utf8')))
      : { manifest: '', posted: [], times: [] };
  }

  async #write(journal: Journal): Promise<void> {
    await this.#ports.lake.write(this.#ports.bucket, this.#journalName, JSON.stringify(journal), {
      contentType: 'application/json',
    });
  }
}
