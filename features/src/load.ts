import { readFileSync } from 'node:fs';
import { UserError } from '@tributary/platform/errors';
import { type CompiledFeatures, compiledFeaturesSchema } from './compiled.ts';

/** What `npm run contracts` made of the declarations. */
export const COMPILED_FEATURES = new URL('../generated/features.json', import.meta.url);

/**
 * The compiled features.
 *
 * @throws {UserError} FEATURES_NOT_COMPILED where the file is missing or of another format.
 */
export function loadFeatures(file: URL = COMPILED_FEATURES): CompiledFeatures {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw notCompiled(file, (error as Error).message);
  }
  const result = compiledFeaturesSchema.safeParse(parsed);
  if (!result.success)
    throw notCompiled(file, `${result.error.issues[0]!.path.join('.')}: ${result.error.issues[0]!.message}`);
  return result.data;
}

function notCompiled(file: URL, reason: string): UserError {
  return new UserError('FEATURES_NOT_COMPILED', `${file.pathname} cannot be used (${reason}); run: npm run contracts`);
}
