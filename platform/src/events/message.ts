import type { BusMessage } from '../bus/port.ts';

/** CloudEvents attributes of a bus message. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#required-attributes */
export interface CloudEventAttributes {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly time: string;
  readonly traceparent: string;
}

/** The message of an event: CloudEvents attributes beside JSON data. */
export function busMessage(orderingKey: string, attributes: CloudEventAttributes, data: unknown): BusMessage {
  return {
    orderingKey,
    attributes: { specversion: '1.0', ...attributes },
    data: Buffer.from(JSON.stringify(data), 'utf8'),
  };
}
