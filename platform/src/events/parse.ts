import { z } from 'zod';
import { UserError } from '../errors/index.ts';

/** `YYYY-MM-DDTHH:MM:SS.ffffffZ`: always six digits, UTC. */
export const timestamp = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/, 'expected YYYY-MM-DDTHH:MM:SS.ffffffZ');
/** An instant of a chain event or dead letter, to whatever precision its producer has. */
export const instant = z.iso.datetime({ error: 'expected an RFC 3339 time in UTC' });
export const id = z.string().regex(/^[0-9a-f]{32}$/, 'expected 32 hex digits');
/** LSN and transaction id: compared as numbers, carried as text. */
export const decimal = z.string().regex(/^\d+$/, 'expected a decimal number');
export const wireValue = z.union([z.string(), z.number(), z.boolean(), z.null()], {
  error: 'expected a string, number, boolean or null',
});
export const wireRow = z.record(z.string(), wireValue);

/**
 * Parses a message's data.
 *
 * @throws {UserError} EVENT_UNREADABLE naming the format and the first field at fault; never its value, which may be a person's.
 */
export function parseEvent<S extends z.ZodType>(format: string, schema: S, data: Uint8Array | string): z.output<S> {
  let value: unknown;
  try {
    value = JSON.parse(
      typeof data === 'string' ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8'),
    );
  } catch {
    // The parser's own message quotes the text.
    throw new UserError('EVENT_UNREADABLE', `A ${format} is not JSON; see docs/interfaces.md#bus for its format.`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const field = issue.path.join('.') || '(the whole)';
  throw new UserError(
    'EVENT_UNREADABLE',
    `A ${format} is malformed at ${field}: ${issue.message}; see docs/interfaces.md#bus for its format.`,
  );
}
