import { UserError } from '@tributary/platform/errors';
import { z } from 'zod';
import type { Program } from '../tools.ts';
import type { CheckContext } from './check.ts';

/** The first with write-only arguments, by which the database's password stays out of the state. */
const MINIMUM_TERRAFORM = [1, 11] as const;
/** The first with `gcloud run jobs replace` and `gcloud storage cp --if-generation-match` as general commands. */
const MINIMUM_GCLOUD_MAJOR = 450;

/** @throws {UserError} TOOL_MISSING, TOOL_OUTDATED */
export async function checkTools({ tools, builder }: CheckContext): Promise<void> {
  const gcloud = await tools.readJson(
    { command: 'gcloud', args: ['version', '--format=json'] },
    z.object({ 'Google Cloud SDK': z.string() }),
  );
  if (!(Number.parseInt(gcloud['Google Cloud SDK'], 10) >= MINIMUM_GCLOUD_MAJOR))
    throw outdated('gcloud', gcloud['Google Cloud SDK'], `${MINIMUM_GCLOUD_MAJOR}.0.0`, 'gcloud components update');
  const { terraform_version: version } = await tools.readJson(
    { command: 'terraform', args: ['version', '-json'] },
    z.object({ terraform_version: z.string() }),
  );
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < MINIMUM_TERRAFORM[0] || (major === MINIMUM_TERRAFORM[0] && minor < MINIMUM_TERRAFORM[1]))
    throw outdated(
      'terraform',
      version,
      MINIMUM_TERRAFORM.join('.'),
      'https://developer.hashicorp.com/terraform/install',
    );
  if (builder === 'docker') {
    const buildx = await tools.tryRead({ command: 'docker', args: ['buildx', 'version'] });
    if (buildx.exitCode !== 0)
      throw new UserError(
        'TOOL_MISSING',
        'docker has no buildx. Install it (https://docs.docker.com/build/buildx/install), or leave --builder at cloud-build.',
      );
    const server = await tools.tryRead({ command: 'docker', args: ['version', '--format={{.Server.Version}}'] });
    if (server.exitCode !== 0)
      throw new UserError(
        'TOOL_MISSING',
        "Docker's engine does not answer. Start it, or leave --builder at cloud-build.",
      );
  }
}

function outdated(program: Program, version: string, minimum: string, how: string): UserError {
  return new UserError('TOOL_OUTDATED', `${program} is ${version}; ${minimum} or newer is needed: ${how}`);
}
