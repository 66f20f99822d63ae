import { readFileSync } from 'node:fs';
import type { OnlineStoreConfig } from '@tributary/platform/config';
import { UserError } from '@tributary/platform/errors';
import type { RedisOptions } from 'ioredis';

/**
 * How the online store is reached, and by whom.
 *
 * @throws {UserError} CONFIG_INVALID where REDIS_CA_FILE cannot be read.
 */
export function redisOptions(config: OnlineStoreConfig): RedisOptions {
  const [host, port] = config.redisAddress.split(':');
  return {
    host: host!,
    port: Number(port),
    ...(config.redisPassword === undefined ? {} : { password: config.redisPassword }),
    ...(config.redisTls ? { tls: tlsOptions(config.redisCaFile) } : {}),
  };
}

function tlsOptions(caFile: string | undefined): NonNullable<RedisOptions['tls']> {
  if (caFile === undefined) return {};
  try {
    // Memorystore's authority signs for one instance alone and names its address in no way that a client looks at, so who it signed for is who was meant.
    // https://cloud.google.com/memorystore/docs/redis/in-transit-encryption#certificate_authority
    return { ca: readFileSync(caFile, 'utf8'), checkServerIdentity: () => undefined };
  } catch (error) {
    throw new UserError('CONFIG_INVALID', `REDIS_CA_FILE is ${caFile}, which cannot be read; set it to a PEM file.`, {
      cause: error,
    });
  }
}
