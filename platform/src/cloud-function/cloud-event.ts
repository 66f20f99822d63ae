import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { legacyForm, unreadable, unsupported } from './errors.ts';

/** Of a CloudEvent, what the functions use. */
export interface CloudEventEnvelope {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly traceparent: string | undefined;
  /** The value of its JSON; undefined where there is none. */
  readonly data: unknown;
}

/** A request that is not a CloudEvent: Pub/Sub push in one of its forms, or nothing we know. */
export interface BareRequest {
  readonly body: unknown;
}

const text = z.string().min(1);

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#required-attributes */
const attributesSchema = z.object({ id: text, source: text, type: text, specversion: z.literal('1.0') });

/** What CloudEvents may be sent as, which is not JSON. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#13-content-modes */
const STRUCTURED = 'application/cloudevents';
const BATCH = 'application/cloudevents-batch';

/**
 * A request as CloudEvent, in the binary or structured mode of their HTTP binding, or else its JSON body.
 *
 * Read by hand and not by the CloudEvents SDK: that one takes only some spellings of content types with a charset, does not parse `data_base64`, and drops
 * the reasons. https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
 *
 * @throws {UserError} EVENT_UNREADABLE, EVENT_LEGACY, EVENT_ENCODING.
 */
export function readRequest(headers: IncomingHttpHeaders, body: Buffer): CloudEventEnvelope | BareRequest {
  const { type, charset } = contentType(headers);
  if (type.startsWith(BATCH)) throw unsupported('A batch of CloudEvents');
  if (type.startsWith(STRUCTURED)) {
    if (type !== STRUCTURED && type !== `${STRUCTURED}+json`) throw unsupported(`CloudEvents as ${type}`);
    return structured(parseJson(decode(body, charset)));
  }
  if (header(headers, 'ce-type') !== undefined || header(headers, 'ce-specversion') !== undefined) {
    return binary(headers, decode(body, charset), type);
  }
  const value = body.length === 0 ? undefined : parseJson(decode(body, charset));
  if (isLegacy(value)) throw legacyForm();
  // Some senders call it application/json, though it is a whole CloudEvent.
  if (isObject(value) && 'specversion' in value) return structured(value);
  return { body: value };
}

/** One value of a header, decoded; attributes are ASCII on the wire, and percent-encoded where they are not. */
export function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined ? undefined : percentDecoded(first.trim());
}

function binary(headers: IncomingHttpHeaders, body: string, type: string): CloudEventEnvelope {
  const attributes = attributesOf({
    id: header(headers, 'ce-id'),
    source: header(headers, 'ce-source'),
    type: header(headers, 'ce-type'),
    // Pub/Sub's emulator and some senders leave it out.
    specversion: header(headers, 'ce-specversion') ?? '1.0',
  });
  const isJson = type === '' || type === 'application/json' || type.endsWith('+json');
  const data = body === '' ? undefined : isJson ? parseJson(body) : body;
  return { ...attributes, traceparent: header(headers, 'ce-traceparent') ?? header(headers, 'traceparent'), data };
}

function structured(value: unknown): CloudEventEnvelope {
  if (Array.isArray(value)) throw unsupported('A batch of CloudEvents');
  if (!isObject(value)) throw unreadable('it is not a JSON object');
  const attributes = attributesOf(value);
  const traceparent = typeof value.traceparent === 'string' ? value.traceparent : undefined;
  return { ...attributes, traceparent, data: dataOf(value) };
}

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#31-handling-of-data */
function dataOf(event: Record<string, unknown>): unknown {
  if (event.data_base64 === undefined || event.data_base64 === null) return event.data;
  const bytes = typeof event.data_base64 === 'string' ? decodeBase64(event.data_base64) : undefined;
  if (!bytes) throw unreadable('its data_base64 is not base64');
  return parseJson(bytes.toString('utf8'));
}

function attributesOf(value: unknown) {
  const result = attributesSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw unreadable(`the attribute ${issue.path.join('.')} of the CloudEvent is missing or wrong (${issue.message})`);
}

/** Background events say `eventType`, beside the data or in a context. https://cloud.google.com/functions/docs/writing/write-event-driven-functions#background-functions */
function isLegacy(value: unknown): boolean {
  if (!isObject(value) || !('data' in value)) return false;
  return 'eventType' in value || (isObject(value.context) && 'eventType' in value.context);
}

function contentType(headers: IncomingHttpHeaders): { type: string; charset: string } {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').split(';');
  const charset = parameters.map((each) => /^\s*charset\s*=\s*"?([^"\s]+)"?\s*$/i.exec(each)?.[1]).find(Boolean);
  return { type: type.trim().toLowerCase(), charset: charset ?? 'utf-8' };
}

function decode(body: Buffer, charset: string): string {
  let decoder: InstanceType<typeof TextDecoder>;
  try {
    decoder = new TextDecoder(charset, { fatal: true });
  } catch {
    throw unsupported(`The charset ${charset.slice(0, 50)}`);
  }
  try {
    return decoder.decode(body);
  } catch (error) {
    throw unreadable(`it is not ${decoder.encoding}`, { cause: error });
  }
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // The parser's message quotes what it read.
    throw unreadable('it is not JSON');
  }
}

/**
 * Base64 as any sender writes it: with either alphabet, with or without padding, as protobuf's JSON reader takes it.
 * https://protobuf.dev/programming-guides/json/#field-representation
 */
export function decodeBase64(encoded: string): Buffer | undefined {
  const bare = encoded.replaceAll(/\s+/g, '').replace(/={1,2}$/, '');
  return /^[\w+/-]*$/.test(bare) && bare.length % 4 !== 1 ? Buffer.from(bare, 'base64') : undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#3132-http-header-values */
function percentDecoded(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
