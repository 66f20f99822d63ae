import type { BusMessage, Topic } from '@tributary/platform/bus';
import type { DeadLetter } from '@tributary/platform/events';
import { unseal } from '@tributary/platform/pii';
import type { ReplayPorts } from './ports.ts';

/** The letter there would be, were a message refused again. */
export type NextLetter = Pick<DeadLetter, 'stream' | 'stage' | 'dead_letter_id'>;

/** What can be done with a letter's original. */
export type Passage =
  | {
      readonly kind: 'send';
      readonly topic: Topic;
      readonly message: BusMessage;
      readonly next: NextLetter;
    }
  /** It would be refused again; mend what is said, and replay then. */
  | { readonly kind: 'refused'; readonly why: string }
  /** Replaying cannot help. */
  | { readonly kind: 'final'; readonly why: string };

/** Takes the originals of one stage's letters back to where they came in. */
export type Door = (letter: DeadLetter, original: Buffer, ports: ReplayPorts) => Passage;

/** The original bytes of a letter. @throws {UserError} UNSEAL_FAILED */
export function originalOf({ payload, sealed }: DeadLetter, { keys }: ReplayPorts): Buffer {
  const stored = Buffer.from(payload, 'base64');
  return sealed ? unseal(stored.toString('utf8'), keys) : stored;
}
