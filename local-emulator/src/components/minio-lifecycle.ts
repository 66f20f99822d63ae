import type { LifecycleRule } from '@tributary/platform/contracts';
import type { Client } from 'minio';

type LifecycleConfig = NonNullable<Parameters<Client['setBucketLifecycle']>[1]>;

/**
 * Gives a bucket the rules that Terraform gives it in the cloud. S3 has one prefix a rule, and MinIO gives up uploads by itself, after a day:
 * https://github.com/minio/minio/blob/master/docs/bucket/lifecycle/README.md
 */
export async function setLifecycle(client: Client, bucket: string, rules: readonly LifecycleRule[]): Promise<void> {
  await client.setBucketLifecycle(bucket, { Rule: rules.flatMap(toS3) } as LifecycleConfig);
}

function toS3({ action, condition }: LifecycleRule): object[] {
  if (action.type !== 'Delete') return [];
  const { age, matchesPrefix = [''], isLive, daysSinceNoncurrentTime } = condition;
  return matchesPrefix.map((Prefix) => ({
    ID: `${Prefix === '' ? 'all' : Prefix.replaceAll('/', '-')}${isLive === false ? 'old-versions' : `${age}-days`}`,
    Status: 'Enabled',
    Filter: { Prefix },
    ...(isLive === false
      ? { NoncurrentVersionExpiration: { NoncurrentDays: daysSinceNoncurrentTime } }
      : { Expiration: { Days: age } }),
  }));
}
