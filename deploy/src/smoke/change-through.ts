import { randomInt } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { failed, type SmokeContext, smokeAccount } from './smoke.ts';

/** A landed file passes a gate, two Dataflow batches of a few minutes each, a load, dbt, a gate and materialization. */
const PATIENCE_MS = 45 * 60_000;
const PAUSE_MS = 30_000;
/** Above every number that the recorded data sets have, and below 2^53. */
const FIRST_SMOKE_CUSTOMER = 9_000_000_000_000;

const answerSchema = z.object({ results: z.array(z.object({ values: z.array(z.unknown()) })) });

/**
 * Drops an order of one line, of a customer who did not exist, into the landing bucket, and waits until the feature server says that the customer has one
 * order. The order stays in the warehouse; it names nobody.
 *
 * @throws {UserError} SMOKE_FAILED when the feature is not served in time
 */
export async function changeThrough(context: SmokeContext, serverUrl: string): Promise<void> {
  const { tools, google, log, target, places, fetch, pause = delay, now = Date.now } = context;
  const customer = FIRST_SMOKE_CUSTOMER + randomInt(1_000_000_000);
  const order = `smoke-${customer}`;
  const time = new Date(now()).toISOString();
  const files = {
    orders: `order_id,customer_id,kind,status,country,order_time,updated_at\n${order},${customer},purchase,placed,France,${time},${time}\n`,
    order_lines: `order_line_id,order_id,product_id,customer_id,kind,quantity,unit_price,country,order_time\n${order}-1,${order},smoke,${customer},purchase,1,1.00,France,${time}\n`,
  };
  mkdirSync(places.work, { recursive: true, mode: 0o700 });
  for (const [dataset, text] of Object.entries(files)) {
    const file = join(places.work, `${order}.csv`);
    writeFileSync(file, text);
    await tools.change({
      command: 'gcloud',
      args: ['storage', 'cp', file, `gs://${places.landingBucket}/landing/${dataset}/${order}.csv`],
    });
    rmSync(file);
  }
  log.info(`dropped ${order}.csv for orders and order_lines; waiting for customer ${customer} online`);
  const deadline = now() + PATIENCE_MS;
  let last = 'it was not asked';
  while (now() < deadline) {
    const token = await google.idToken(smokeAccount(target), serverUrl);
    const response = await fetch(new URL('/get-online-features', serverUrl), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ features: ['customer_features:orders_count'], entities: { customer_id: [customer] } }),
      signal: AbortSignal.timeout(PAUSE_MS),
    }).catch(() => undefined);
    const answer = answerSchema.safeParse(response?.ok ? await response.json() : undefined);
    // Entities come first, then features, in the order of metadata.feature_names.
    if (answer.success && answer.data.results.at(-1)?.values[0] === 1) {
      log.info(`the feature server has the order of customer ${customer}`);
      return;
    }
    last = response ? `it answered ${response.status}` : 'it did not answer';
    await pause(PAUSE_MS);
  }
  throw failed(
    `${order} landed and was not online after ${PATIENCE_MS / 60_000} minutes (${last}); follow it in ops.events and in landing/, quarantine/ and dead-letter/ of the buckets`,
  );
}
