import type { ChainEvent } from '@tributary/platform/events';
import type { Warehouse } from '@tributary/platform/warehouse';

// An event that is told again has its id and may have a later time: its teller died in between and began anew. The bounds let each statement read two or three
// partitions instead of the whole table.
const NEARBY = `
BETWEEN TIMESTAMP_SUB(TIMESTAMP(@time), INTERVAL 1 DAY) AND TIMESTAMP_ADD(TIMESTAMP(@time), INTERVAL 1 DAY)`;

const FIND = `SELECT event_id FROM ops.events WHERE event_id = @event_id AND time ${NEARBY}`;

const ADD = `
MERGE ops.events AS known
USING (SELECT @event_id AS event_id) AS event
ON known.event_id = event.event_id AND known.time ${NEARBY}
WHEN NOT MATCHED THEN
  INSERT (event_id, type, run_id, cause, status, streams, time, payload)
  VALUES (@event_id, @type, @run_id, @cause, @status, @streams, TIMESTAMP(@time), @payload)`;

const LABELS = { stage: 'notify' };

/** Whether the event is in `ops.events`. */
export async function isRecorded(warehouse: Warehouse, { event_id, time }: ChainEvent): Promise<boolean> {
  const rows = await warehouse.query(FIND, { params: { event_id, time }, labels: LABELS });
  return rows.length > 0;
}

/** Adds the event to `ops.events`, once however often it is told. */
export async function record(warehouse: Warehouse, event: ChainEvent): Promise<void> {
  await warehouse.query(ADD, {
    params: {
      event_id: event.event_id,
      type: event.type,
      run_id: event.run_id,
      cause: event.cause,
      status: event.status,
      streams: JSON.stringify(event.streams),
      time: event.time,
      payload: JSON.stringify(event),
    },
    types: {
      ...{ event_id: 'STRING', type: 'STRING', run_id: 'STRING', cause: 'STRING', status: 'STRING' },
      ...{ streams: 'STRING', time: 'STRING', payload: 'STRING' },
    },
    labels: LABELS,
  });
}
