import type { z } from 'zod';
import { UserError } from '../errors/index.ts';
import type { Environment } from './environment.ts';
import type { VariableDeclaration } from './variables.ts';

type Declarations = Readonly<Record<string, VariableDeclaration>>;

/** Reads variables one by one and keeps what is wrong with them, so that a person mends all in one go. */
export class VariableReader<D extends Declarations> {
  readonly #declarations: D;
  readonly #environment: Environment;
  readonly #problems = new Map<string, string>();

  constructor(declarations: D, environment: Environment) {
    this.#declarations = declarations;
    this.#environment = environment;
  }

  /** The variable's value. An invalid one is only noted: what is returned then is of no use, and `finish` throws. */
  get<N extends keyof D & string>(name: N): z.output<D[N]['schema']> {
    const declaration: VariableDeclaration = this.#declarations[name]!;
    const text = this.#environment[name] || undefined;
    const result = declaration.schema.safeParse(text);
    if (!result.success) this.#problems.set(name, explain(name, text, declaration, result.error));
    return result.data as z.output<D[N]['schema']>;
  }

  /** @throws {UserError} CONFIG_INVALID naming every variable that is missing or wrong, what it is for, and an example. */
  finish(): void {
    if (this.#problems.size === 0) return;
    const file = `.env.${this.#environment.TRIBUTARY_ENV ?? 'local'}`;
    throw new UserError(
      'CONFIG_INVALID',
      `The configuration is incomplete; set these in the environment or in ${file}:\n${[...this.#problems.values()].join('\n')}`,
    );
  }
}

function explain(name: string, text: string | undefined, declaration: VariableDeclaration, error: z.ZodError): string {
  const reason = error.issues[0]?.message ?? 'not valid';
  const state =
    text === undefined
      ? 'is missing'
      : declaration.secret
        ? `is wrong (${reason})`
        : `is ${JSON.stringify(text)} (${reason})`;
  return `  ${name} ${state}: ${declaration.purpose}. Example: ${name}=${declaration.example}`;
}
