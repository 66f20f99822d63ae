import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { commandFailed } from './errors.ts';
import { isNotThere } from './journal.ts';
import type { DeployLog } from './log.ts';
import type { Target } from './options.ts';
import type { Places } from './places.ts';
import { type Invocation, shown, type Tools } from './tools.ts';

/** Beginning of the platform's secrets; terraform/modules/secrets makes them, empty. */
const PREFIX = 'tributary-';

/**
 * Made once, by chance; whoever has one from elsewhere adds it before the first deploy. Terraform fills those that come from Memorystore, and people those
 * of notification channels.
 */
const GENERATED: Readonly<Record<string, () => string>> = {
  // The form that platform/src/pii/keys.ts reads.
  'pii-keys': () => JSON.stringify({ active: 'v1', keys: { v1: randomBytes(32).toString('base64') } }),
  'postgres-password': () => randomBytes(24).toString('base64url'),
  'seeder-api-key': () => randomBytes(24).toString('base64url'),
};

const versionsSchema = z.array(z.object({ name: z.string() }));

/**
 * Gives each secret that services start with its first value, and Dataflow's workers their copy of the PII keys. Values go through standard input: no
 * argument, file or log has them.
 */
export async function fillSecrets(tools: Tools, log: DeployLog, target: Target, places: Places): Promise<void> {
  for (const [name, generate] of Object.entries(GENERATED)) {
    const id = `${PREFIX}${name}`;
    const versions = await tools.readJson(
      {
        command: 'gcloud',
        args: [
          ...['secrets', 'versions', 'list', id, `--project=${target.project}`],
          ...['--filter=state:ENABLED', '--limit=1', '--format=json'],
        ],
      },
      versionsSchema,
    );
    if (versions.length > 0) continue;
    await tools.change({
      command: 'gcloud',
      args: ['secrets', 'versions', 'add', id, `--project=${target.project}`, '--data-file=-'],
      stdin: generate(),
    });
    log.info(`${id} has its first value`);
  }
  await copyKeys(tools, log, target, places);
}

/** The value of the database user's password, for Terraform. It stays in memory. */
export async function databasePassword(tools: Tools, target: Target): Promise<string> {
  return await secretValue(tools, target, 'postgres-password');
}

// Only where there is none: a rotation writes both itself (docs/security.md), and an erasure needs all versions that ever were.
async function copyKeys(tools: Tools, log: DeployLog, target: Target, { keysObject }: Places): Promise<void> {
  const look: Invocation = { command: 'gcloud', args: ['storage', 'ls', keysObject] };
  const outcome = await tools.tryRead(look);
  if (outcome.exitCode === 0) return;
  if (!isNotThere(outcome.stderr)) throw commandFailed(shown(look), outcome.exitCode, outcome.stderr);
  await tools.change({
    command: 'gcloud',
    args: ['storage', 'cp', '-', keysObject],
    stdin: await secretValue(tools, target, 'pii-keys'),
  });
  log.info(`${keysObject} has the keys for Dataflow's workers`);
}

async function secretValue(tools: Tools, { project }: Target, name: string): Promise<string> {
  return await tools.read({
    command: 'gcloud',
    args: ['secrets', 'versions', 'access', 'latest', `--secret=${PREFIX}${name}`, `--project=${project}`],
  });
}
