import type { DeliveredEvent, EventHandler } from '@tributary/platform/cloud-function';
import type { Logger } from '@tributary/platform/log';
import type { Warehouse } from '@tributary/platform/warehouse';
import type { Channel } from './channels.ts';
import { failureMessage, isFailure } from './message.ts';
import { isRecorded, record } from './record.ts';

export interface NotifyPorts {
  readonly warehouse: Warehouse;
  readonly channels: readonly Channel[];
}

/**
 * Records every chain event in `ops.events`, once, and tells people of failures: in the log, and in the chats that are configured.
 *
 * Told before recorded, so that a crash in between tells twice rather than never. A chat that does not answer is told in the log and does not hold
 * up the record. Ticks of the sweep are not recorded: nothing happened.
 */
export function notifyHandler({ warehouse, channels }: NotifyPorts): EventHandler {
  return async (delivered: DeliveredEvent, log: Logger) => {
    if (delivered.kind !== 'chain') {
      log.info('objects are not for this function');
      return;
    }
    if (delivered.event.type === 'sweep.tick') return;
    const { event } = delivered;
    if (await isRecorded(warehouse, event)) {
      log.debug('the event is on record already');
      return;
    }
    if (isFailure(event)) {
      log.error(
        { code: event.error?.code, streams: event.streams, views: event.views, detail: namesOf(event.detail) },
        'a failure was reported',
      );
      await Promise.all(channels.map((channel) => tell(channel, failureMessage(event), log)));
    }
    await record(warehouse, event);
  };
}

async function tell(channel: Channel, text: string, log: Logger): Promise<void> {
  try {
    await channel.post(text);
  } catch (error) {
    log.error({ channel: channel.name, reason: (error as Error).message }, 'people could not be told');
  }
}

/** What is particular, as far as it names things: lists and objects of a detail may quote values. */
function namesOf(detail: Readonly<Record<string, unknown>>): Record<string, string | number> {
  const named = Object.entries(detail).filter(
    (entry): entry is [string, string | number] => typeof entry[1] === 'string' || typeof entry[1] === 'number',
  );
  return Object.fromEntries(named);
}
