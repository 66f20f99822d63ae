import { readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import { UserError } from '../errors/index.ts';

/** Variables by name; an empty value counts as absent. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The repository's (or the image's) root, where `.env.<env>` lies. */
export const ROOT = new URL('../../../', import.meta.url);

/** Cloud environments get their own file; the name must not reach outside the root. */
const ENVIRONMENT_NAME = /^[a-z][a-z0-9-]{0,31}$/;

/** Where the variables of a process come from. */
export interface EnvironmentSources {
  /** What it was given; without empty values. */
  readonly own: Environment;
  /** What `file` holds; what it was given comes before it. */
  readonly fromFile: Environment;
  /** `.env.<TRIBUTARY_ENV>`. */
  readonly file: string;
}

/**
 * The variables a process runs with: its own, and below them those of `.env.<TRIBUTARY_ENV>` (default `local`).
 *
 * `process.env` is left alone, so what a child process inherits is what was given to this one. A missing file is no error: what is deployed
 * gets everything from its platform (terraform/deployables.yaml), and a variable that is then missing is named by `readConfig`.
 *
 * @throws {UserError} CONFIG_INVALID when TRIBUTARY_ENV is not a plain name.
 */
export function readEnvironment(own: Environment = process.env, root: URL = ROOT): Environment {
  const { own: given, fromFile, file } = readSources(own, root);
  return { ...fromFile, TRIBUTARY_ENV: file.slice('.env.'.length), ...given };
}

/** As `readEnvironment`, the two apart. */
export function readSources(own: Environment = process.env, root: URL = ROOT): EnvironmentSources {
  const name = own.TRIBUTARY_ENV || 'local';
  if (!ENVIRONMENT_NAME.test(name)) {
    throw new UserError(
      'CONFIG_INVALID',
      `TRIBUTARY_ENV is "${name}"; set it to the <env> of a .env.<env> file, for example "local".`,
    );
  }
  const file = `.env.${name}`;
  return { own: withoutEmpty(own), fromFile: readFileVariables(new URL(file, root)), file };
}

function readFileVariables(file: URL): Environment {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new UserError('CONFIG_INVALID', `${file.pathname} cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return withoutEmpty(parse(text));
}

function withoutEmpty(variables: Environment): Environment {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''));
}
