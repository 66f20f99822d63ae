import { setTimeout as delay } from 'node:timers/promises';
import { type Environment, readConfigFrom, readVariables, variable } from '@tributary/platform/config';
import type { Lake } from '@tributary/platform/lake';
import type { Logger } from '@tributary/platform/log';
import { z } from 'zod';
import { readAuthSettings, requireEventCallers } from './auth/index.ts';
import { type AskErased, readErasures } from './erasures/door.ts';
import { createProbes } from './health/probes.ts';
import type { Handler } from './http/router.ts';
import { HttpServer } from './http/server.ts';
import { materializeHandler } from './materialize/index.ts';
import { viewsToMaterialize } from './materialize/views.ts';
import { getOnlineFeatures } from './online/get-online-features.ts';
import { openApiHandler } from './openapi/index.ts';
import { createOperations, type Operations } from './operations/operations.ts';
import { readDelivery } from './pubsub/delivery-kind.ts';
import { DirectRows } from './pubsub/direct-rows.ts';
import { openStore } from './redis/settings.ts';
import type { OnlineStore } from './redis/store.ts';
import type { Definitions } from './registry/definitions.ts';
import { LiveRegistry } from './registry/live-registry.ts';
import { openSource, type SourceSettings } from './registry/source.ts';
import { semanticsOf } from './strict/semantics.ts';
import { withStrictFaults } from './strict/strict-faults.ts';
import type { WriteRules } from './write/compare-and-set.ts';
import { push, type WritePorts, writeToOnlineStore } from './write/push.ts';

/** How long the bus may take to let go, once nothing is at work: one that is away must not use up the seconds before Cloud Run kills. */
const BUS_CLOSE_MS = 1_000;

/** A wait that keeps no process alive. */
const UNREF = { ref: false };

const OWN_VARIABLES = {
  FEAST_PROJECT: variable(
    z.string().min(1).optional(),
    'the project to serve, where the registry has several',
    'tributary',
  ),
  REGISTRY_REFRESH_SECONDS: variable(
    z.coerce.number({ error: 'expected a number of seconds' }).positive().default(5),
    'how soon definitions that another process applied are served; asking whether the registry changed costs one small request',
    '5',
  ),
  ENTITY_TTL_SECONDS: variable(
    z.coerce.number({ error: 'expected a number of seconds' }).int().min(0).default(0),
    "seconds after its last write when Redis forgets an entity, as Feast's key_ttl_seconds; 0: never",
    '0',
  ),
};

/** A server that answers requests. */
export interface FeastServer {
  /** Such as `http://127.0.0.1:6566`. */
  readonly address: string;
  /** Ends in order: readiness off, no more messages, requests at work answered, the rest cut; within `DRAIN_MS` and two seconds. */
  close(): Promise<void>;
}

/**
 * Starts the server that the environment describes.
 *
 * @param lake that has the list of erasures; absent: the one that the environment names
 * @throws {UserError} CONFIG_INVALID, AUTH_REQUIRED, API_KEYS_INVALID, PII_KEYS_MISSING, REGISTRY_MISSING or PORT_TAKEN, among others: nothing then listens
 */
export async function serve(environment: Environment, log: Logger, lake?: Lake): Promise<FeastServer> {
  const own = readVariables(OWN_VARIABLES, environment);
  const { http, onlineStore } = readConfigFrom(environment, 'http', 'onlineStore');
  const delivery = readDelivery(environment);
  if (delivery === 'push') requireEventCallers(readAuthSettings(environment));
  const erased = readErasures(environment, { required: delivery !== 'off', lake, log });
  const operations = await createOperations(environment, log);
  const source = await openSource(onlineStore.registry, sourceSettings(environment));
  const [registry, store] = await Promise.all([
    LiveRegistry.open(source, own.FEAST_PROJECT, log),
    openStore(environment),
  ]);
  registry.watch(own.REGISTRY_REFRESH_SECONDS);
  const server = new HttpServer({ hooks: operations.hooks, log });
  const definitions = () => registry.definitions;
  const strict: WriteRules = { equalWins: true, keyTtlSeconds: own.ENTITY_TTL_SECONDS };
  const writes: WritePorts = {
    definitions,
    store,
    rules: (exchange) => ({ ...strict, equalWins: semanticsOf(exchange, operations.semantics) === 'strict' }),
    delegate: operations.delegate,
    erased,
    pushed: (pushSource, mode) => operations.metrics.writes.push(pushSource, mode),
    log,
  };
  addRoutes(server, { operations, registry, store, writes });
  const prepared =
    delivery === 'off' || erased === undefined
      ? undefined
      : await prepare(delivery, environment, { server, definitions, store, strict, erased, log });
  const address = await server.listen(http);
  const running = prepared?.start();
  log.info(
    { url: address, delivery, semantics: operations.semantics, views: definitions().views.size },
    'serving features',
  );

  const end = async (): Promise<void> => {
    const { drainMs } = operations.limits;
    operations.drain();
    // What the bus handed over and is not finished in time comes again.
    await Promise.all([Promise.race([running?.stop(), delay(drainMs, undefined, UNREF)]), server.close(drainMs)]);
    await Promise.race([running?.close(), delay(BUS_CLOSE_MS, undefined, UNREF)]);
    await operations.close();
    registry.close();
    store.close();
  };
  let closing: Promise<void> | undefined;
  return {
    address,
    close() {
      closing ??= end();
      return closing;
    },
  };
}

interface DeliveryParts {
  readonly server: HttpServer;
  readonly definitions: () => Definitions;
  readonly store: OnlineStore;
  readonly strict: WriteRules;
  readonly erased: AskErased;
  readonly log: Logger;
}

/** The bus and its clients are loaded only where feature rows come in by it. */
async function prepare(
  delivery: 'pull' | 'push',
  environment: Environment,
  { server, definitions, store, strict, erased, log }: DeliveryParts,
) {
  const { prepareDelivery } = await import('./pubsub/delivery.ts');
  const online = new DirectRows({ definitions, store, rules: strict });
  return prepareDelivery(delivery, environment, { server, online, erased, log });
}

interface Routed {
  readonly operations: Operations;
  readonly registry: LiveRegistry;
  readonly store: OnlineStore;
  readonly writes: WritePorts;
}

function addRoutes(server: HttpServer, { operations, registry, store, writes }: Routed): void {
  const { limits, metrics, runs, traceparent } = operations;
  const definitions = () => registry.definitions;
  const open = { open: true };
  const probes = createProbes({ isDraining: () => operations.isDraining, isStoreReady: () => store.isReady });
  server.route('GET', '/health', probes.health, open);
  server.route('GET', '/healthz', probes.live, open);
  server.route('GET', '/readyz', probes.ready, open);
  server.route('GET', '/openapi.json', openApiHandler(), open);
  server.route('GET', '/metrics', metrics.handler);
  const body = { maxBodyBytes: limits.maxBodyBytes };
  const strictly = (handler: Handler) => withStrictFaults(handler, operations.semantics);
  server.route(
    'POST',
    '/get-online-features',
    strictly(getOnlineFeatures({ definitions, store, hooks: operations.online })),
    body,
  );
  server.route('POST', '/push', strictly(push(writes)), body);
  server.route('POST', '/write-to-online-store', strictly(writeToOnlineStore(writes)), body);
  const resolveViews = (names: readonly string[] | undefined) => viewsToMaterialize(registry.definitions, names);
  const ports = { runs, resolveViews, traceparent };
  server.route('POST', '/materialize', strictly(materializeHandler('range', ports)), body);
  server.route('POST', '/materialize-incremental', strictly(materializeHandler('incremental', ports)), body);
}

function sourceSettings(environment: Environment): SourceSettings {
  const { MINIO_ENDPOINT: endpoint, MINIO_ACCESS_KEY: accessKey, MINIO_SECRET_KEY: secretKey } = environment;
  return {
    gcsEndpoint: environment.GCS_ENDPOINT,
    ...(endpoint && accessKey && secretKey ? { s3: { endpoint, accessKey, secretKey } } : {}),
  };
}
