import type { BusMessage } from '@tributary/platform/bus';
import { eventId, type Line, lineEvent, message, type Price, priceEvent } from './shop.ts';

const BEGIN = Date.parse('2026-11-20T03:00:00Z');
const HOUR = 3_600_000;
const PRODUCTS = 60;
const CUSTOMERS = 300;

/** A stretch of trade: prices first, published and acknowledged before any line is. */
export interface Wave {
  readonly prices: readonly BusMessage[];
  /** Lines with duplicates near and far, and with what cannot be read between them. */
  readonly messages: readonly BusMessage[];
}

/** Trade that is the same for the same seed, and what must come of it. */
export interface Trade {
  readonly waves: readonly Wave[];
  readonly lines: ReadonlyMap<string, Line>;
  readonly prices: readonly Price[];
  /** Ids of events that break their contract. */
  readonly refused: ReadonlySet<string>;
  /** Ids of the product changes. */
  readonly priceIds: ReadonlySet<string>;
  /** How many messages are no JSON at all. */
  readonly unreadable: number;
}

/**
 * An hour of event time a wave. Prices of a wave hold from the begin of its hour, those of the first from two hours before: so each line has a price, and
 * the same one whether or not prices of later waves have been seen already. Some lines come up to two hours late.
 */
export function trade(seed: number, waveCount: number, linesPerWave: number): Trade {
  const random = randomFrom(seed);
  const whole = (below: number) => Math.floor(random() * below);
  const lines = new Map<string, Line>();
  const prices: Price[] = [];
  const priceIds = new Set<string>();
  const refused = new Set<string>();
  const past: BusMessage[] = [];
  const waves: Wave[] = [];
  let lsn = 26_000_000;
  let unreadable = 0;
  for (let wave = 0; wave < waveCount; wave++) {
    const pricesNow: BusMessage[] = [];
    const messages: BusMessage[] = [];
    for (let product = 0; product < PRODUCTS; product++) {
      // In the first hour all of them, later every other one.
      if (wave > 0 && random() < 0.5) continue;
      const price = {
        product: `P${product}`,
        cents: 100 + whole(10_000),
        from: BEGIN + (wave === 0 ? -2 : wave) * HOUR,
      };
      prices.push(price);
      const event = priceEvent(price, ++lsn);
      priceIds.add(event.event_id);
      pricesNow.push(message(event));
    }
    for (let n = 0; n < linesPerWave; n++) {
      lsn += 1 + whole(300);
      const late = random() < 0.05 ? whole(2 * HOUR) : 0;
      const line: Line = {
        id: `L${wave}-${n}`,
        product: `P${whole(PRODUCTS)}`,
        customer: random() < 0.1 ? null : whole(CUSTOMERS),
        kind: random() < 0.1 ? 'return' : 'purchase',
        quantity: 1 + whole(20),
        cents: 1 + whole(20_000),
        time: BEGIN + wave * HOUR + whole(HOUR) - late,
      };
      const event = lineEvent(line, lsn);
      const sent = message(event);
      lines.set(event.event_id, line);
      messages.push(sent);
      past.push(sent);
      const chance = random();
      if (chance < 0.05) messages.push(sent);
      else if (chance < 0.1) messages.push(past[whole(past.length)]!);
      else if (chance < 0.11) {
        const bad = lineEvent({ ...line, id: `bad-${line.id}`, quantity: 0 }, ++lsn);
        refused.add(bad.event_id);
        messages.push(message(bad), message(bad));
      } else if (chance < 0.112) {
        unreadable += 1;
        messages.push({ ...sent, attributes: { id: eventId(`no-${line.id}`) }, data: Buffer.from(`{"no ${line.id}`) });
      }
    }
    waves.push({ prices: pricesNow, messages });
  }
  return { waves, lines, prices, refused, priceIds, unreadable };
}

/** The price that held when a line was ordered: that of the greatest event time not after its own. */
export function priceAt(prices: readonly Price[], product: string, time: number): number | null {
  let best: Price | undefined;
  for (const price of prices) {
    if (price.product === product && price.from <= time && (best === undefined || price.from > best.from)) best = price;
  }
  return best?.cents ?? null;
}

/** Mulberry32, https://gist.github.com/tommyettinger/46a874533244883189143505d203312c: the same numbers on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
