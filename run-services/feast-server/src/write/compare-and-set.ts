import { createHash } from 'node:crypto';
import { RedisReplyError } from '../redis/resp.ts';
import type { KeyedCommand, OnlineStore } from '../redis/store.ts';
import type { Moment } from '../redis/timestamp.ts';
import { encodeTimestamp } from '../value/encode.ts';

/** One row of one view. */
export interface RowToWrite {
  readonly key: Buffer;
  readonly time: Moment;
  /** Field and value, in turn, without the event time. */
  readonly fields: readonly Buffer[];
}

export interface WriteRules {
  /** A row of the same event time as the stored one: Feast keeps what is there (false). */
  readonly equalWins: boolean;
  /** Seconds after which Redis forgets an entity; 0: never. */
  readonly keyTtlSeconds: number;
}

/**
 * Compares the stored event time with the new one and writes only what is newer, in one step: two writers of one entity cannot overtake each other, as
 * they can in Feast, which reads in one round trip and writes in the next. The outcome for one writer is the same.
 *
 * As in Feast, a stored time of 1970 or before counts as none. Times are compared as seconds, then nanoseconds: together they would not fit a Lua number.
 *
 * KEYS: the hash. ARGV: event time field, seconds, nanoseconds, 1 where an equal time wins, key ttl, then fields and values.
 */
const SCRIPT = `
local stored = redis.call('HGET', KEYS[1], ARGV[1])
if stored then
  local at, seconds, nanos = 1, 0, 0
  while at <= #stored do
    local tag = string.byte(stored, at)
    at = at + 1
    local value, scale = 0, 1
    while true do
      local byte = string.byte(stored, at)
      if not byte then break end
      at = at + 1
      value = value + (byte % 128) * scale
      scale = scale * 128
      if byte < 128 then break end
    end
    if tag == 8 then seconds = value elseif tag == 16 then nanos = value end
  end
  -- Ten bytes are a negative number: before 1970.
  local counts = seconds < 9.2e18 and (seconds > 0 or nanos > 0)
  local s, n = tonumber(ARGV[2]), tonumber(ARGV[3])
  local older = s < seconds or (s == seconds and n < nanos)
  local equal = s == seconds and n == nanos
  if counts and (older or (equal and ARGV[4] ~= '1')) then return 0 end
end
for i = 6, #ARGV, 2000 do
  redis.call('HSET', KEYS[1], unpack(ARGV, i, math.min(i + 1999, #ARGV)))
end
if ARGV[5] ~= '0' then redis.call('EXPIRE', KEYS[1], ARGV[5]) end
return 1
`;
const SHA = createHash('sha1').update(SCRIPT).digest('hex');

/**
 * Writes rows of one view in their order.
 *
 * @returns how many were newer than what was stored, and so were written
 * @throws {HttpError} ONLINE_STORE_UNAVAILABLE; any part of the rows may then be written, and the same call may be repeated
 */
export async function writeRows(
  store: OnlineStore,
  timeField: Buffer,
  rows: readonly RowToWrite[],
  rules: WriteRules,
): Promise<number> {
  if (rows.length === 0) return 0;
  const commands = rows.map(({ key, time, fields }): KeyedCommand => {
    const { seconds, nanos } = time;
    const head = [timeField, String(seconds), String(nanos), rules.equalWins ? '1' : '0', String(rules.keyTtlSeconds)];
    return { key, args: ['EVALSHA', SHA, '1', key, ...head, timeField, encodeTimestamp(seconds, nanos), ...fields] };
  });
  const replies = await store.write(commands).catch((error: Error) => {
    if (!(error.cause instanceof RedisReplyError && error.cause.message.startsWith('NOSCRIPT'))) throw error;
    // Redis was started anew, or knows nothing of us yet. All rows again, so that they stay in order; those that were taken are not newer now.
    return store.write(commands.map(({ key, args }) => ({ key, args: ['EVAL', SCRIPT, ...args.slice(2)] })));
  });
  return replies.filter((reply) => reply === 1).length;
}
