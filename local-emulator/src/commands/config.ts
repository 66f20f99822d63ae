import { explainConfig, readSources } from '@tributary/platform/config';
import { configurationOf, configurationOfDeployables } from '../configuration/deployables.ts';
import { table } from './table.ts';

/**
 * Prints what a deployable, or all of them, would read: each variable, its value or `(secret)`, where it comes from and what it is for. Exit status 1 where
 * something is missing or wrong, secrets too.
 */
export function config(deployable: string | undefined, options: { env?: string }): void {
  const { TRIBUTARY_ENV, ...own } = process.env;
  const environment = options.env ?? TRIBUTARY_ENV;
  const sources = readSources({ ...own, ...(environment ? { TRIBUTARY_ENV: environment } : {}) });
  const reads = deployable === undefined ? everything() : configurationOf(deployable);
  const variables = explainConfig([...new Set(reads.sections)], sources, reads.own);
  const rows = variables.map(({ name, value, secret, source, problem, purpose, example }) => [
    problem === undefined ? ' ' : '✖',
    name,
    secret && source !== 'none' ? '(secret)' : (value ?? '–'),
    { environment: 'environment', file: sources.file, default: 'default', none: '' }[source],
    problem === undefined ? purpose : `${problem}: ${purpose}. Example: ${name}=${example}`,
  ]);
  process.stdout.write(table(['', 'variable', 'value', 'from', 'what for'], rows));
  if (sources.file === '.env.local')
    process.stdout.write(
      'What the laptop has at free ports ("npm run up") is given to each process, and is missing here.\n',
    );
  if (reads.more) process.stdout.write(`Variables that only ${deployable} reads are told in ${reads.more}.\n`);
  if (variables.some(({ problem }) => problem !== undefined)) process.exitCode = 1;
}

function everything(): ReturnType<typeof configurationOf> {
  const all = [...configurationOfDeployables().values()];
  return { sections: all.flatMap(({ sections }) => sections), own: Object.assign({}, ...all.map(({ own }) => own)) };
}
