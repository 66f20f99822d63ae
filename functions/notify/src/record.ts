import type { ChainEvent } from '@tributary/platform/events';
import type { Warehouse } from '@tributary/platform/warehouse';

const FIND = 'SELECT event_id FROM ops.events WHERE event_id = @event_id AND time = TIMESTAMP(@time)';

// The time finds the partition, so neither statement reads the whole table.
const ADD = `
MERGE ops.events AS known
USING (SELECT @event_id AS event_id, TIMESTAMP(@time) AS time) AS event
ON known.event_id = event.event_id AND known.time = event.time
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
