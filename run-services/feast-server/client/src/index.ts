/** A typed client of the feature server: `new FeastClient({ url }).getOnlineFeatures(…)`. */
export {
  FeastClient,
  type FeastClientOptions,
  type FeatureQuery,
  type FeatureRow,
  type FeatureStatus,
} from './client.ts';
export { FeastClientError } from './errors.ts';
export type { components, paths } from './generated/api.ts';
