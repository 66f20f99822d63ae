import { setTimeout as delay } from 'node:timers/promises';
import { TransientError, UserError } from '@tributary/platform/errors';
import { type Deployables, serviceNames } from '../deployables.ts';
import type { Google } from '../google.ts';
import type { DeployLog } from '../log.ts';
import type { SmokeLevel, Target } from '../options.ts';
import type { Places } from '../places.ts';
import { readServices } from '../run-state.ts';
import type { Tools } from '../tools.ts';
import { changeThrough } from './change-through.ts';

/** Calls services as deployed callers do; terraform/deployables.yaml gives it nothing but to call them. */
export const SMOKE_ACCOUNT = 'tributary-smoke';

/**
 * A request of each public service that must not be answered without a token. The services check tokens themselves (`invoker_check: false` in
 * terraform/deployables.yaml), so this is not a test of Cloud Run's IAM but of ours.
 */
const GUARDED: Readonly<Record<string, { readonly method: string; readonly path: string; readonly body?: string }>> = {
  'feast-server': { method: 'POST', path: '/get-online-features', body: '{"features":[],"entities":{}}' },
  'warehouse-api': { method: 'GET', path: '/queries' },
};

/** An instance starts, and IAM lets in who was just let in, within a few minutes. https://cloud.google.com/iam/docs/access-change-propagation */
const ATTEMPTS = 20;
const PAUSE_MS = 15_000;
const REQUEST_TIMEOUT_MS = 30_000;

export interface SmokeContext {
  readonly tools: Tools;
  readonly google: Google;
  readonly log: DeployLog;
  readonly target: Target;
  readonly places: Places;
  readonly fetch: typeof fetch;
  readonly pause?: (milliseconds: number) => Promise<void>;
  readonly now?: () => number;
}

/**
 * Tries what was deployed: Cloud Run calls every service ready; those that outsiders reach answer with an ID token, and refuse without one; and with `full`,
 * a file that lands becomes a feature that is served.
 *
 * @param urls Terraform's: Cloud Run gives each service two addresses, and services take tokens made out to this one
 * @throws {TributaryError} SMOKE_FAILED naming the service and what it did
 */
export async function smokeTest(
  context: SmokeContext,
  deployables: Deployables,
  urls: Readonly<Record<string, string>>,
  level: SmokeLevel,
): Promise<void> {
  if (level === 'none') return;
  const { tools, target, log } = context;
  const found = await readServices(tools, target, serviceNames(deployables));
  if (found.length === 0) throw failed('Cloud Run has none of the services that were deployed');
  for (const { name, ready, reason } of found) if (!ready) throw failed(`${name} is not ready: ${reason}`);
  log.info(`${found.length} services and functions are ready`);
  for (const { name } of found.filter(({ name }) => deployables[name]?.ingress === 'all')) {
    const url = addressOf(urls, name);
    await answersCallers(context, name, new URL(deployables[name]?.health ?? '/', url), url);
    await refuses(context, name, url, {}, 'without a token');
    await refuses(context, name, url, { authorization: 'Bearer not.a.token' }, 'with a forged token');
    log.info(`${name} answers callers and refuses others`);
  }
  if (level === 'full') {
    await changeThrough(context, addressOf(urls, 'feast-server'));
  }
}

function addressOf(urls: Readonly<Record<string, string>>, name: string): string {
  const url = urls[name];
  if (url === undefined) throw failed(`Terraform's output "urls" has no ${name}`);
  return url;
}

async function refuses(
  { fetch }: SmokeContext,
  name: string,
  url: string,
  headers: Record<string, string>,
  how: string,
): Promise<void> {
  const { method, path, body } = GUARDED[name] ?? { method: 'GET', path: '/' };
  const response = await fetch(new URL(path, url), {
    method,
    ...(body ? { body, headers: { ...headers, 'content-type': 'application/json' } } : { headers }),
    redirect: 'manual',
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  }).catch(unreachable(name));
  await response.body?.cancel();
  if (response.status !== 401 && response.status !== 403)
    throw failed(`${name} answered ${method} ${path} ${how} with ${response.status}, not 401 or 403`);
}

async function answersCallers(
  { fetch, google, target, pause = delay }: SmokeContext,
  name: string,
  url: URL,
  audience: string,
): Promise<void> {
  let last: unknown;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if (attempt > 1) await pause(PAUSE_MS);
    try {
      const token = await google.idToken(smokeAccount(target), audience);
      const response = await fetch(url, {
        headers: { authorization: `Bearer ${token}` },
        redirect: 'manual',
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      }).catch(unreachable(name));
      await response.body?.cancel();
      if (response.ok) return;
      last = failed(`${name} answered ${url.pathname} with ${response.status}`);
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

export const smokeAccount = ({ project }: Target): string => `${SMOKE_ACCOUNT}@${project}.iam.gserviceaccount.com`;

/** The error of a smoke test. */
export function failed(what: string): UserError {
  return new UserError(
    'SMOKE_FAILED',
    `The smoke test failed: ${what}. Its log: gcloud run services logs read <service>.`,
  );
}

function unreachable(name: string) {
  return (): never => {
    throw new TransientError('SMOKE_FAILED', `The smoke test failed: ${name} did not answer at all.`);
  };
}
