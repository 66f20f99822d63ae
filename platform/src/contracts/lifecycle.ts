import { readFileSync } from 'node:fs';
import { ROOT } from '../config/environment.ts';

const COMPILED_LIFECYCLE = new URL('contracts/generated/lifecycle.json', ROOT);

/** A rule of a bucket in Cloud Storage's own JSON. https://cloud.google.com/storage/docs/json_api/v1/buckets#lifecycle */
export interface LifecycleRule {
  readonly action: { readonly type: 'Delete' | 'AbortIncompleteMultipartUpload' };
  readonly condition: {
    /** Days since the object was written. */
    readonly age?: number;
    readonly matchesPrefix?: readonly string[];
    readonly isLive?: boolean;
    /** Days since the version was replaced or removed. */
    readonly daysSinceNoncurrentTime?: number;
  };
}

/** What stores remove by themselves: `contracts/generated/lifecycle.json`. */
export interface Lifecycle {
  readonly buckets: Readonly<
    Record<'lake' | 'landing', { readonly lifecycle: { readonly rule: readonly LifecycleRule[] } }>
  >;
  /** By `<dataset>.<table>`. */
  readonly tables: Readonly<Record<string, { readonly partitionExpirationDays: number }>>;
}

/** The compiled rules in this repository. */
export function loadLifecycle(): Lifecycle {
  return JSON.parse(readFileSync(COMPILED_LIFECYCLE, 'utf8')) as Lifecycle;
}
