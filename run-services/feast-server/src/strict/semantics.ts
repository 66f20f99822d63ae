import { type Environment, readEnvironment, readVariables, variable } from '@tributary/platform/config';
import { z } from 'zod';
import { HttpError } from '../http/errors.ts';
import type { Exchange } from '../http/exchange.ts';

/** How requests are answered where Feast's own way surprises: as Feast's server does, or strictly (README.md, "Strict semantics"). */
export const SEMANTICS = ['feast', 'strict'] as const;
export type Semantics = (typeof SEMANTICS)[number];

const OWN_VARIABLES = {
  FEAST_SEMANTICS: variable(
    z.enum(SEMANTICS, { error: 'expected feast or strict' }).default('feast'),
    'how requests are answered that do not say it themselves by ?semantics=',
    'strict',
  ),
};

/** What applies to requests that do not say it. @throws {UserError} CONFIG_INVALID */
export function readDefaultSemantics(environment: Environment = readEnvironment()): Semantics {
  return readVariables(OWN_VARIABLES, environment).FEAST_SEMANTICS;
}

/**
 * What a request asks for: `?semantics=strict` or `feast`. In the query, not the body, so that a body is exactly what Feast's server takes.
 *
 * @throws {HttpError} 400 SEMANTICS_UNKNOWN
 */
export function semanticsOf(exchange: Exchange, preset: Semantics): Semantics {
  if (exchange.search === '') return preset;
  const asked = exchange.query.get('semantics');
  if (asked === null) return preset;
  if (asked === 'strict' || asked === 'feast') return asked;
  throw new HttpError(
    400,
    'SEMANTICS_UNKNOWN',
    'The query has semantics of a kind that there is not; use strict or feast.',
  );
}
