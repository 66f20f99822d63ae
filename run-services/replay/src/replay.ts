import type { BusMessage, Topic } from '@tributary/platform/bus';
import { UserError } from '@tributary/platform/errors';
import { type DeadLetter, UNKNOWN_STREAM } from '@tributary/platform/events';
import { count } from '@tributary/platform/metrics';
import pLimit from 'p-limit';
import { bridgeDoor } from './bridge-door.ts';
import { changesDoor } from './changes-door.ts';
import { type Door, originalOf, type Passage } from './door.ts';
import { featuresDoor } from './features-door.ts';
import { listLetters, markReplayed, readLetter, type StoredLetter } from './letters.ts';
import { linesDoor } from './lines-door.ts';
import type { ReplayPorts, Selection } from './ports.ts';
import { listQuarantined, putBack } from './quarantined.ts';
import { awaitVerdicts, type Sent } from './verdict.ts';

const DOORS: Readonly<Record<DeadLetter['stage'], Door>> = {
  bridge: bridgeDoor,
  pipeline: changesDoor,
  landing: linesDoor,
  load: featuresDoor,
};

/** Letters read, sent and marked together: what a crash repeats at most, and what is held in memory. */
const BATCH_SIZE = 200;
const CONCURRENT_READS = 16;

export interface ReplayOptions extends Selection {
  /** Only say what would happen. */
  readonly dryRun?: boolean;
  /** How long to wait for what was sent to be refused again; 0 does not wait. */
  readonly waitMs?: number;
}

/** What became of one letter or quarantined object. */
export interface Outcome {
  /** Its object in the lake. */
  readonly name: string;
  readonly stage: DeadLetter['stage'];
  readonly reason: string;
  /**
   * `replayed` it went back (or would, in a dry run); `refused` it is refused still, for `why`; `final` replaying cannot help, for `why`.
   */
  readonly state: 'replayed' | 'refused' | 'final';
  readonly why?: string;
}

export interface ReplayReport {
  readonly outcomes: readonly Outcome[];
  /** Letters that an earlier run replayed, by stage. */
  readonly earlier: Readonly<Record<string, number>>;
}

/** An open letter and what can be done with it; one that cannot be read has no content. */
interface Prepared {
  readonly stored: StoredLetter;
  readonly letter: DeadLetter | undefined;
  readonly passage: Passage;
}

/**
 * Puts dead letters, and quarantined objects, of a stream back to where they came in.
 *
 * Letter by letter: open (no mark beside it) → its original unsealed and judged by the contracts at hand → sent → acknowledged → marked. Whoever dies in
 * between has sent some a second time at the next run, under the same ids, which the pipeline drops. A marked letter is left alone, so a second
 * run changes nothing. What is refused again becomes a letter of its own, with the next attempt's number, and is open.
 *
 * @throws {UserError} STREAM_UNKNOWN; {TransientError} where lake or bus did not answer: repeat it then.
 */
export async function replay(options: ReplayOptions, ports: ReplayPorts): Promise<ReplayReport> {
  checkStream(options.stream, ports);
  const { open, replayed } = await listLetters(ports, options);
  const earlier: Record<string, number> = {};
  for (const { stage } of replayed) earlier[stage] = (earlier[stage] ?? 0) + 1;

  const outcomes: Outcome[] = [];
  const sent: Sent[] = [];
  for (let from = 0; from < open.length; from += BATCH_SIZE) {
    const prepared = await prepare(open.slice(from, from + BATCH_SIZE), options, ports);
    if (!options.dryRun) sent.push(...(await send(prepared, ports)));
    outcomes.push(...prepared.map(outcomeOf));
  }
  outcomes.push(...(await putQuarantinedBack(options, ports)));

  const refusals = options.waitMs ? await awaitVerdicts(ports, sent, options.waitMs) : new Map();
  const report: ReplayReport = {
    outcomes: outcomes.map((outcome) =>
      refusals.has(outcome.name) ? { ...outcome, state: 'refused', why: refusals.get(outcome.name)! } : outcome,
    ),
    earlier,
  };
  if (!options.dryRun) {
    for (const { state: outcome } of report.outcomes)
      count('tributary.replay.letters', 1, { stream: options.stream, outcome });
  }
  return report;
}

function checkStream(stream: string, { contracts }: ReplayPorts): void {
  if (stream === UNKNOWN_STREAM || contracts.has(stream)) return;
  throw new UserError(
    'STREAM_UNKNOWN',
    `No contract declares ${stream}; there are ${[...contracts.keys()].join(', ')}, and ${UNKNOWN_STREAM} for what no contract knew.`,
  );
}

async function prepare(
  batch: readonly StoredLetter[],
  selection: Selection,
  ports: ReplayPorts,
): Promise<readonly Prepared[]> {
  const limit = pLimit(CONCURRENT_READS);
  const prepared = await Promise.all(
    batch.map((stored) =>
      limit(async (): Promise<Prepared | undefined> => {
        let letter: DeadLetter | undefined;
        try {
          letter = await readLetter(ports, stored, selection);
          if (!letter) return undefined;
          return { stored, letter, passage: DOORS[letter.stage](letter, originalOf(letter, ports), ports) };
        } catch (error) {
          // One letter that cannot be opened holds up no other.
          if (!(error instanceof UserError)) throw error;
          return { stored, letter, passage: { kind: 'refused', why: error.message } };
        }
      }),
    ),
  );
  return prepared.filter((each) => each !== undefined);
}

async function send(prepared: readonly Prepared[], ports: ReplayPorts): Promise<readonly Sent[]> {
  const sent: (Sent & { readonly letter: DeadLetter })[] = [];
  const byTopic = new Map<Topic, BusMessage[]>();
  for (const each of prepared) {
    const { passage, stored, letter } = each;
    if (passage.kind !== 'send' || !letter) continue;
    byTopic.set(passage.topic, [...(byTopic.get(passage.topic) ?? []), passage.message]);
    sent.push({ letter, name: stored.name, next: passage.next });
  }
  for (const [topic, messages] of byTopic) await ports.bus.publish(topic, messages);
  const limit = pLimit(CONCURRENT_READS);
  await Promise.all(sent.map(({ name, letter }) => limit(() => markReplayed(ports, name, letter))));
  return sent;
}

function outcomeOf({ stored, letter, passage }: Prepared): Outcome {
  const stage = letter?.stage ?? (stored.stage as DeadLetter['stage']);
  const reason = letter?.reason ?? 'UNREADABLE';
  return passage.kind === 'send'
    ? { name: stored.name, stage, reason, state: 'replayed' }
    : { name: stored.name, stage, reason, state: passage.kind, why: passage.why };
}

async function putQuarantinedBack(options: ReplayOptions, ports: ReplayPorts): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const quarantined of await listQuarantined(ports, options)) {
    const why = options.dryRun ? undefined : await putBack(ports, quarantined);
    outcomes.push({
      name: quarantined.object.name,
      stage: quarantined.reason.stage,
      reason: quarantined.reason.code,
      state: why === undefined ? 'replayed' : 'refused',
      ...(why === undefined ? {} : { why }),
    });
  }
  return outcomes;
}
