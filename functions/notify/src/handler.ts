import type { DeliveredEvent, EventHandler } from '@tributary/platform/cloud-function';
import type { ChainEvent } from '@tributary/platform/events';
import { type Clock, systemClock } from '@tributary/platform/group-commit';
import type { Lake } from '@tributary/platform/lake';
import type { Logger } from '@tributary/platform/log';
import { recordChainEvent } from '@tributary/platform/metrics';
import type { Warehouse } from '@tributary/platform/warehouse';
import type { Channel } from './channels/index.ts';
import { IncidentBook } from './incidents.ts';
import type { Links } from './message.ts';
import type { Notice } from './notice.ts';
import { Outbox } from './outbox.ts';
import { isRecorded, record } from './record.ts';

export interface NotifyPorts {
  readonly warehouse: Warehouse;
  readonly lake: Lake;
  /** The bucket of `control/`. */
  readonly bucket: string;
  readonly channels: readonly Channel[];
  readonly links: Links;
  readonly remindAfterMs: number;
  readonly maxPerMinute: number;
  readonly clock?: Clock;
}

/**
 * Records every chain event in `ops.events`, once, and tells people of incidents, in the log and in the chats that are configured: once when one opens, once when it
 * is over, and now and then while it stays open and goes on.
 *
 * Incidents come first, for what people have to know of may be that the warehouse does not answer. A chat that does not answer holds up nothing: its messages are on
 * record in the lake, and the next event or `sweep.tick` posts them. Ticks of the sweep are not recorded: nothing happened.
 */
export function notifyHandler(ports: NotifyPorts): EventHandler {
  const { warehouse, lake, bucket, links, maxPerMinute, clock = systemClock } = ports;
  const outboxes = ports.channels.map((channel) => new Outbox(channel, { lake, bucket, clock, links, maxPerMinute }));
  const book = new IncidentBook({
    ...{ lake, bucket, clock, rules: { remindAfterMs: ports.remindAfterMs } },
    handOver: async (notice) => {
      await Promise.all(outboxes.map((outbox) => outbox.add(notice)));
    },
  });
  const recording = new Map<string, Promise<void>>();
  const flush = (log: Logger) => Promise.all(outboxes.map((outbox) => outbox.flush(log)));

  return async (delivered: DeliveredEvent, log: Logger) => {
    if (delivered.kind !== 'chain') {
      log.info('objects are not for this function');
      return;
    }
    const { event } = delivered;
    if (event.type === 'sweep.tick') {
      for (const notice of await book.sweep()) say(notice, log);
      await flush(log);
      return;
    }
    for (const notice of await book.take(event)) say(notice, log);
    await flush(log);
    // The same event may come again before the record of its first telling is there; then both share its outcome.
    const recorded =
      recording.get(event.event_id) ?? recordOnce(event, log).finally(() => recording.delete(event.event_id));
    recording.set(event.event_id, recorded);
    await recorded;
  };

  async function recordOnce(event: ChainEvent, log: Logger): Promise<void> {
    if (await isRecorded(warehouse, event)) {
      log.debug('the event is on record already');
      return;
    }
    await record(warehouse, event);
    // After the record, which tells repeats: each event is measured once.
    recordChainEvent(event);
  }
}

function say({ kind, facts, events, first }: Notice, log: Logger): void {
  const { name, code, streams, views, details, runbook } = facts;
  const fields = { incident: name, code, streams, views, detail: details, runbook, events, first };
  if (kind === 'cleared') log.info(fields, 'an incident is over');
  else log.error(fields, kind === 'opened' ? 'an incident was opened' : 'an incident is still open');
}
