import { FeastError } from '../online/feast-error.ts';
import type { Definitions } from '../registry/definitions.ts';

/**
 * The names of the views that a materialization is about, as Feast resolves them (feast/feature_store.py `_get_feature_views_to_materialize`):
 * those named, or every enabled one that is served online.
 *
 * @throws {FeastError} FeatureViewNotFoundException
 */
export function viewsToMaterialize({ views, project }: Definitions, names: readonly string[] | undefined): string[] {
  if (names === undefined) {
    return [...views.values()]
      .filter(
        ({ kind, enabled, writeToOnlineStore }) =>
          enabled && kind !== 'label' && (kind !== 'on-demand' || writeToOnlineStore),
      )
      .map(({ name }) => name);
  }
  const unknown = names.find((name) => !views.has(name));
  if (unknown === undefined) return [...names];
  throw new FeastError('FeatureViewNotFoundException', `Feature view ${unknown} does not exist in project ${project}`);
}
