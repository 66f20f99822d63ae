import { setTimeout as delay } from 'node:timers/promises';
import { parseDeadLetter } from '@tributary/platform/events';
import type { NextLetter } from './door.ts';
import type { ReplayPorts } from './ports.ts';

/** A letter whose original was sent. */
export interface Sent {
  readonly name: string;
  readonly next: NextLetter;
}

const LOOK_EVERY_MS = 1_000;

/**
 * Waits for new letters of what was sent. A letter comes within seconds; that none came says that a message was not refused so far, no more.
 *
 * @returns why, by the name of the letter that was replayed.
 */
export async function awaitVerdicts(
  ports: ReplayPorts,
  sent: readonly Sent[],
  waitMs: number,
): Promise<Map<string, string>> {
  const refusals = new Map<string, string>();
  if (sent.length === 0) return refusals;
  const { now = Date.now } = ports;
  const began = now();
  const expected = new Map(sent.map(({ name, next }) => [next.dead_letter_id, name]));
  const folders = new Set(sent.map(({ next }) => `dead-letter/${next.stream}/${next.stage}/`));
  while (now() - began < waitMs && expected.size > 0) {
    await delay(Math.min(LOOK_EVERY_MS, waitMs));
    for (const folder of folders) {
      for (const day of daysBetween(began, now())) await look(ports, `${folder}dt=${day}/`, expected, refusals);
    }
  }
  return refusals;
}

async function look(
  { lake, lakeBucket }: ReplayPorts,
  prefix: string,
  expected: Map<string, string>,
  refusals: Map<string, string>,
): Promise<void> {
  for await (const { name } of lake.list(lakeBucket, prefix)) {
    const id = /([0-9a-f]{32})\.json$/.exec(name)?.[1];
    const replayed = id === undefined ? undefined : expected.get(id);
    if (id === undefined || replayed === undefined) continue;
    const found = await lake.read(lakeBucket, name);
    if (!found) continue;
    expected.delete(id);
    refusals.set(replayed, parseDeadLetter(found.body).message);
  }
}

/** A letter made now lies under today's date. */
function daysBetween(from: number, to: number): string[] {
  return [...new Set([from, to].map((time) => new Date(time).toISOString().slice(0, 10)))];
}
