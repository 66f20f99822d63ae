import { serveEvents } from '@tributary/platform/cloud-function';
import { readConfig } from '@tributary/platform/config';
import { createWarehouse } from '@tributary/platform/warehouse';
import { channels } from './channels.ts';
import { notifyHandler } from './handler.ts';

/** Keeps every chain event on record and tells people of failures. */
serveEvents('notify', () => {
  const { warehouse, notify } = readConfig('warehouse', 'notify');
  return notifyHandler({ warehouse: createWarehouse(warehouse), channels: channels(notify) });
});
