import { serveEvents } from '@tributary/platform/cloud-function';
import { readConfig } from '@tributary/platform/config';
import { createLake } from '@tributary/platform/lake';
import { createWarehouse } from '@tributary/platform/warehouse';
import { channels } from './channels/index.ts';
import { notifyHandler } from './handler.ts';

/** Keeps every chain event on record and tells people of incidents. */
serveEvents('notify', () => {
  const { warehouse, lake, notify } = readConfig('warehouse', 'lake', 'notify');
  return notifyHandler({
    warehouse: createWarehouse(warehouse),
    lake: createLake(lake),
    bucket: lake.lakeBucket,
    channels: channels(notify),
    links: notify.links,
    remindAfterMs: notify.remindHours * 3_600_000,
    maxPerMinute: notify.maxPerMinute,
  });
});
