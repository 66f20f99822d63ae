import { UserError } from '@tributary/platform/errors';
import { Command, InvalidArgumentError, Option } from 'commander';

export type Environment = 'dev' | 'prod';
export type Builder = 'cloud-build' | 'docker';
export type SmokeLevel = 'none' | 'basic' | 'full';

/** Where something is deployed to. */
export interface Target {
  readonly project: string;
  readonly environment: Environment;
  readonly region: string;
}

export interface DeployOptions extends Target {
  /** Stops after `terraform plan`; nothing is changed anywhere. */
  readonly plan: boolean;
  /** Does not ask before it begins. */
  readonly yes: boolean;
  readonly builder: Builder;
  readonly smoke: SmokeLevel;
  /** Lets Terraform delete or replace what holds data. */
  readonly allowDataLoss: boolean;
  readonly json: boolean;
}

export interface DestroyOptions extends Target {
  readonly yesDestroyProd: boolean;
  /** The project's name, typed ahead. */
  readonly confirm: string | undefined;
  readonly json: boolean;
}

/** https://cloud.google.com/resource-manager/docs/creating-managing-projects#before_you_begin */
const PROJECT_ID = /^[a-z][a-z0-9-]{4,28}[a-z0-9]$/;
const REGION = /^[a-z]+-[a-z]+[0-9]+$/;
const DEFAULT_REGION = 'us-central1';

const matching =
  (pattern: RegExp, expected: string) =>
  (value: string): string => {
    if (!pattern.test(value)) throw new InvalidArgumentError(`expected ${expected}.`);
    return value;
  };

function targetCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .requiredOption(
      '--project <id>',
      'the Google Cloud project',
      matching(PROJECT_ID, 'a project id, 6 to 30 characters'),
    )
    .addOption(
      new Option('--env <environment>', 'which of terraform/envs').choices(['dev', 'prod']).makeOptionMandatory(),
    )
    .option(
      '--region <region>',
      'where everything runs',
      matching(REGION, 'a region such as us-central1'),
      DEFAULT_REGION,
    )
    .option('--json', 'log lines as JSON', false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
}

/** @throws {UserError} USAGE with what is wrong with the command line; help that was asked for is printed and undefined returned. */
function parse(command: Command, args: readonly string[]): Record<string, unknown> | undefined {
  try {
    return command.parse(args as string[], { from: 'user' }).opts();
  } catch (error) {
    if ((error as { exitCode?: number }).exitCode === 0) return undefined;
    const message = (error as Error).message.replace(/^error: /, '');
    throw new UserError('USAGE', `${message}\n\n${command.helpInformation()}`);
  }
}

/** @returns undefined when help was printed. */
export function parseDeploy(args: readonly string[]): DeployOptions | undefined {
  const command = targetCommand(
    'npm run deploy --',
    'builds what changed, applies Terraform, tests what was deployed, and rolls back where that fails',
  )
    .option('--plan', 'say what would happen, run terraform plan, and change nothing', false)
    .option('--yes', 'do not ask before changing anything', false)
    .addOption(
      new Option('--builder <builder>', 'what builds images').choices(['cloud-build', 'docker']).default('cloud-build'),
    )
    .addOption(
      new Option('--smoke <level>', 'how much of what was deployed is tried')
        .choices(['none', 'basic', 'full'])
        .default('basic'),
    )
    .option('--allow-data-loss', 'let Terraform delete or replace buckets, tables and databases', false);
  const options = parse(command, args);
  return options && ({ ...options, environment: options.env } as unknown as DeployOptions);
}

/** @returns undefined when help was printed. */
export function parseDestroy(args: readonly string[]): DestroyOptions | undefined {
  const command = targetCommand(
    'npm run destroy --',
    'deletes what Terraform made, after the name of the project was typed',
  )
    .option('--confirm <project>', "the project's name, for where nobody can type it")
    .option('--yes-destroy-prod', 'needed in addition for --env prod', false);
  const options = parse(command, args);
  return options && ({ ...options, environment: options.env } as unknown as DestroyOptions);
}
