import { readFileSync } from 'node:fs';
import { type Environment, readConfigFrom, readVariables, variable } from '@tributary/platform/config';
import { UserError } from '@tributary/platform/errors';
import { z } from 'zod';
import type { RedisEndpoint, RedisSettings } from './connection.ts';
import { type OnlineStore, SingleNode } from './store.ts';

const flag = z.enum(['true', 'false'], { error: 'expected true or false' }).default('false');

const OWN_VARIABLES = {
  REDIS_CLUSTER: variable(flag, 'whether REDIS_ADDRESS is a node of a Redis Cluster', 'true'),
  REDIS_TLS: variable(flag, 'whether Redis is spoken to by TLS', 'true'),
  REDIS_CA_FILE: variable(
    z.string().optional(),
    "the PEM file of the authority of Redis' certificate",
    '/secrets/redis-ca.pem',
  ),
  REDIS_USERNAME: variable(z.string().optional(), 'whom Redis knows this server as', 'feast'),
  REDIS_PASSWORD: variable(z.string().optional(), 'the password of Redis', 'a long one', { secret: true }),
  REDIS_DB: variable(z.coerce.number().int().min(0).default(0), 'the database of Redis; a cluster has 0 only', '0'),
  REDIS_TIMEOUT_MS: variable(
    z.coerce.number().int().min(10).default(1_000),
    'how long Redis may take for a reply before its connection is given up, in milliseconds',
    '1000',
  ),
};

/**
 * The online store that the environment names, with its connections tried once: a Redis that is away does not keep the server from starting.
 *
 * @throws {UserError} CONFIG_INVALID
 */
export async function openStore(environment: Environment): Promise<OnlineStore> {
  const own = readVariables(OWN_VARIABLES, environment);
  const endpoint = parseAddress(readConfigFrom(environment, 'onlineStore').onlineStore.redisAddress);
  const settings: RedisSettings = {
    username: own.REDIS_USERNAME,
    password: own.REDIS_PASSWORD,
    db: own.REDIS_DB,
    timeoutMs: own.REDIS_TIMEOUT_MS,
    ...(own.REDIS_TLS === 'true' ? { tls: { ca: readAuthority(own.REDIS_CA_FILE) } } : {}),
  };
  if (own.REDIS_CLUSTER === 'true') {
    const { Cluster } = await import('./cluster.ts');
    const cluster = new Cluster(endpoint, settings);
    await cluster.open();
    return cluster;
  }
  const store = new SingleNode(endpoint, settings);
  await store.open();
  return store;
}

function parseAddress(address: string): RedisEndpoint {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(address.slice(colon + 1)) };
}

function readAuthority(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError('CONFIG_INVALID', `REDIS_CA_FILE is ${file}, which cannot be read; set it to a PEM file.`, {
      cause: error,
    });
  }
}
