import { UserError } from '@tributary/platform/errors';
import { z } from 'zod';
import { isNotThere } from '../journal.ts';
import type { CheckContext } from './check.ts';

/**
 * What a deploy takes of a region's quotas, at least, on an empty project.
 * https://cloud.google.com/dataflow/quotas#compute-engine-quotas: a worker takes its CPUs, one disk and, without private addresses only, an address.
 */
const NEEDED: readonly { metric: string; amount: number; what: string }[] = [
  // Two workers of n1-standard-2, and as many again while a new version takes over; Cloud Run's instances are not counted here.
  { metric: 'CPUS', amount: 8, what: 'CPUs of Dataflow workers' },
  // Streaming Engine keeps state off the workers: 30 GB each. https://cloud.google.com/dataflow/docs/guides/deploying-a-pipeline
  { metric: 'DISKS_TOTAL_GB', amount: 120, what: 'GB of disk of Dataflow workers' },
  { metric: 'IN_USE_ADDRESSES', amount: 1, what: 'addresses of Cloud NAT' },
];

const regionSchema = z.object({
  quotas: z.array(z.object({ metric: z.string(), limit: z.number(), usage: z.number() })),
});

/** https://cloud.google.com/docs/quotas/reference/rest/v1/projects.locations.services.quotaInfos */
const runQuotaSchema = z.array(
  z.object({
    metric: z.string(),
    dimensionsInfos: z
      .array(
        z.object({
          dimensions: z.record(z.string(), z.string()).optional(),
          applicableLocations: z.array(z.string()).optional(),
          details: z.object({ value: z.string().optional() }).optional(),
        }),
      )
      .optional(),
  }),
);
/** Cloud Run's instances are counted by CPU, in thousandths, by region. https://cloud.google.com/run/quotas */
const RUN_CPU_METRIC = 'run.googleapis.com/cpu_allocation';
/** All services at one instance, the bridge's kept up, and room to begin a new revision beside the old. */
const RUN_CPU_MILLIS = 20_000;

/** @throws {UserError} QUOTA_TOO_LOW naming each */
export async function checkQuotas(context: CheckContext): Promise<void> {
  const short = [...(await regionQuotas(context)), ...(await runQuotas(context))];
  if (short.length === 0) return;
  const { project } = context.target;
  throw new UserError(
    'QUOTA_TOO_LOW',
    `${short.join('; ')}. Ask for more at https://console.cloud.google.com/iam-admin/quotas?project=${project}, or choose another --region.`,
  );
}

async function regionQuotas({ tools, log, target: { project, region } }: CheckContext): Promise<string[]> {
  const outcome = await tools.tryRead({
    command: 'gcloud',
    args: ['compute', 'regions', 'describe', region, `--project=${project}`, '--format=json'],
  });
  if (outcome.exitCode !== 0) {
    if (/SERVICE_DISABLED|has not been used|not enabled/i.test(outcome.stderr)) {
      log.info(
        "quotas of Compute Engine can be read once its API is enabled, which the deploy does first; a new project's are enough as a rule",
      );
      return [];
    }
    if (isNotThere(outcome.stderr))
      throw new UserError('NO_SUCH_REGION', `There is no region ${region}. See "gcloud compute regions list".`);
    log.info('quotas of Compute Engine could not be read; Terraform will say where one is too low');
    return [];
  }
  const { quotas } = regionSchema.parse(JSON.parse(outcome.stdout));
  return NEEDED.flatMap(({ metric, amount, what }) => {
    const quota = quotas.find((entry) => entry.metric === metric);
    // What this platform holds already is in `usage`; a quota that it fits in today has room for it.
    if (quota === undefined || quota.limit >= amount) return [];
    return [`${region} allows ${quota.limit} ${what} (${metric}); ${amount} are needed`];
  });
}

async function runQuotas({ tools, log, target: { project, region } }: CheckContext): Promise<string[]> {
  const outcome = await tools.tryRead({
    command: 'gcloud',
    args: [
      ...['beta', 'quotas', 'info', 'list', '--service=run.googleapis.com', `--project=${project}`, '--format=json'],
    ],
  });
  if (outcome.exitCode !== 0) {
    // Its own API (cloudquotas.googleapis.com), or gcloud's beta commands, may not be there; nothing depends on them.
    log.info("the quota of Cloud Run's CPUs could not be read; a new project's is enough as a rule");
    return [];
  }
  const quota = runQuotaSchema.parse(JSON.parse(outcome.stdout)).find(({ metric }) => metric === RUN_CPU_METRIC);
  const here = quota?.dimensionsInfos?.find(
    ({ dimensions, applicableLocations }) => dimensions?.region === region || applicableLocations?.includes(region),
  );
  const limit = Number(here?.details?.value ?? Number.NaN);
  // -1 is without a limit.
  if (Number.isNaN(limit) || limit < 0 || limit >= RUN_CPU_MILLIS) return [];
  return [`${region} allows ${limit / 1000} CPUs of Cloud Run; ${RUN_CPU_MILLIS / 1000} are needed`];
}
