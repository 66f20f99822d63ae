import { unavailable } from '../http/errors.ts';
import type { RedisReplyError } from './resp.ts';

/** Redis took the connection but not the command: it is loading, a replica, out of memory, or the key is no hash. */
export function refused(error: RedisReplyError): Error {
  return unavailable('ONLINE_STORE_UNAVAILABLE', `Redis refuses: ${error.message}.`, { cause: error });
}
