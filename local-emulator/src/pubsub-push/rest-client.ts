import { z } from 'zod';

/** A message as Pub/Sub's JSON API hands it out: what a push carries is the same. https://cloud.google.com/pubsub/docs/reference/rest/v1/PubsubMessage */
const pulledSchema = z.object({
  receivedMessages: z
    .array(
      z.object({
        ackId: z.string(),
        deliveryAttempt: z.number().optional(),
        message: z.object({
          data: z.string().default(''),
          attributes: z.record(z.string(), z.string()).default({}),
          messageId: z.string(),
          publishTime: z.string(),
          orderingKey: z.string().optional(),
        }),
      }),
    )
    .default([]),
});

export type PulledMessage = z.output<typeof pulledSchema>['receivedMessages'][number];

const TIMEOUT_MS = 30_000;

/** One subscription, over the JSON API. Every method rejects where the server does not answer. */
export class SubscriptionClient {
  readonly #url: string;

  constructor(base: string, subscription: string) {
    this.#url = `${base}/v1/${subscription}`;
  }

  /** What there is now, at most so many. */
  async pull(maxMessages: number): Promise<readonly PulledMessage[]> {
    return pulledSchema.parse(await this.#call('pull', { maxMessages, returnImmediately: true })).receivedMessages;
  }

  async acknowledge(ackIds: readonly string[]): Promise<void> {
    await this.#call('acknowledge', { ackIds });
  }

  /** Refuses a message: it comes again when its subscription's retry policy says. */
  async refuse(ackId: string): Promise<void> {
    await this.#call('modifyAckDeadline', { ackIds: [ackId], ackDeadlineSeconds: 0 });
  }

  /** Keeps a message for so long from now. */
  async extend(ackId: string, seconds: number): Promise<void> {
    await this.#call('modifyAckDeadline', { ackIds: [ackId], ackDeadlineSeconds: seconds });
  }

  async #call(verb: string, body: object): Promise<unknown> {
    const response = await fetch(`${this.#url}:${verb}`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok)
      throw new Error(`Pub/Sub answers ${response.status} to ${verb}: ${(await response.text()).slice(0, 300)}`);
    return await response.json();
  }
}
