import { type Environment, readVariables, variable } from '@tributary/platform/config';
import { z } from 'zod';

export type Delivery = 'off' | 'pull' | 'push';

/** Feature rows on their way in. */
export interface RunningDelivery {
  /** Takes no more from the bus; the batch at work is finished, or left to the next subscriber. */
  stop(): Promise<void>;
  /** After the last message was answered. */
  close(): Promise<void>;
}

const OWN_VARIABLES = {
  FEATURES_DELIVERY: variable(
    z.enum(['off', 'pull', 'push'], { error: 'expected off, pull or push' }).default('off'),
    'how feature rows of the bus come in: pull takes them from the bus, push waits for a Pub/Sub push subscription to post them to /pubsub/push',
    'pull',
  ),
};

/** @throws {UserError} CONFIG_INVALID */
export function readDelivery(environment: Environment): Delivery {
  return readVariables(OWN_VARIABLES, environment).FEATURES_DELIVERY;
}
