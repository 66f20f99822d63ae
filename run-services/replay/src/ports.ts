import type { Bus } from '@tributary/platform/bus';
import type { Contracts } from '@tributary/platform/contracts';
import type { DeadLetter, DeadLetterReason } from '@tributary/platform/events';
import type { Lake } from '@tributary/platform/lake';
import type { PiiKeys } from '@tributary/platform/pii';

export interface ReplayPorts {
  readonly lake: Lake;
  readonly lakeBucket: string;
  readonly landingBucket: string;
  readonly bus: Bus;
  /** As they are after the fix. */
  readonly contracts: Contracts;
  readonly keys: PiiKeys;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** What is to be replayed. */
export interface Selection {
  /** A stream, or `_unknown` for what no contract knew. */
  readonly stream: string;
  readonly stage?: DeadLetter['stage'];
  /** A dead letter's reason, or the code of a quarantined object. */
  readonly reason?: DeadLetterReason | (string & {});
  /** Letters whose original is older stay. */
  readonly since?: Date;
}
