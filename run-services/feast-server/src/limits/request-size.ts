import { HttpError } from '../http/errors.ts';

/** @throws {HttpError} 400 REQUEST_TOO_LARGE where a request asks for more values than one may. */
export function requireRequestSize(entities: number, features: number, maxFeatureValues: number): void {
  if (entities * features <= maxFeatureValues) return;
  throw new HttpError(
    400,
    'REQUEST_TOO_LARGE',
    `${entities} entities × ${features} features are ${entities * features} values, and a request may ask for ${maxFeatureValues} (MAX_FEATURE_VALUES); ask for fewer entities at a time.`,
  );
}
