import { PyFault } from '../python/fault.ts';

/** `view:feature`, `view@v2:feature` or `view@latest:feature`, taken apart. */
export interface FeatureRef {
  readonly view: string;
  /** Undefined: the latest. */
  readonly version: number | undefined;
  readonly feature: string;
}

/** feast/utils.py `_parse_feature_ref`. @throws {PyFault} ValueError */
export function parseFeatureRef(ref: string): FeatureRef {
  const colon = ref.indexOf(':');
  if (colon < 0) {
    throw new PyFault(
      'ValueError',
      `Invalid feature reference '${ref}'. Expected format: '<feature_view>:<feature>' or '<feature_view>@<version>:<feature>'`,
    );
  }
  const before = ref.slice(0, colon);
  const feature = ref.slice(colon + 1);
  const at = before.indexOf('@');
  if (at < 0) return { view: before, version: undefined, feature };
  const view = before.slice(0, at);
  const version = before.slice(at + 1);
  if (version === '' || version.toLowerCase() === 'latest') return { view, version: undefined, feature };
  const number = /^[vV](\d+)$/.exec(version)?.[1];
  // What is no version belongs to the name.
  return number === undefined
    ? { view: before, version: undefined, feature }
    : { view, version: Number(number), feature };
}
