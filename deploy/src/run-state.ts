import { z } from 'zod';
import type { Target } from './options.ts';
import type { Invocation, Tools } from './tools.ts';

/** A revision of a service, and the share of requests that go to it, in percent. */
export interface TrafficShare {
  readonly revision: string;
  readonly percent: number;
}

/** A Cloud Run service, or the service under a function. */
export interface RunService {
  readonly name: string;
  readonly ready: boolean;
  /** Why it is not ready. */
  readonly reason: string;
  /** Whether all requests go to whatever revision is the newest. */
  readonly followsLatest: boolean;
  readonly traffic: readonly TrafficShare[];
}

/** What answers requests, and what jobs run: all that a rollback puts back. */
export interface Served {
  readonly services: readonly { readonly name: string; readonly traffic: readonly TrafficShare[] }[];
  /** Whole specifications, as `gcloud run jobs replace` takes them; secrets are references in them. */
  readonly jobs: readonly { readonly name: string; readonly specification: string }[];
}

export const servedSchema = z.object({
  services: z.array(
    z.object({ name: z.string(), traffic: z.array(z.object({ revision: z.string(), percent: z.number() })) }),
  ),
  jobs: z.array(z.object({ name: z.string(), specification: z.string() })),
});

/** https://cloud.google.com/run/docs/reference/rest/v1/namespaces.services#resource:-service */
const servicesSchema = z.array(
  z.object({
    metadata: z.object({ name: z.string() }),
    spec: z.object({
      traffic: z.array(z.object({ latestRevision: z.boolean().optional(), percent: z.number().optional() })).optional(),
    }),
    status: z
      .object({
        conditions: z
          .array(z.object({ type: z.string(), status: z.string().optional(), message: z.string().optional() }))
          .optional(),
        traffic: z.array(z.object({ revisionName: z.string().optional(), percent: z.number().optional() })).optional(),
      })
      .optional(),
  }),
);

const jobsSchema = z.array(z.object({ metadata: z.object({ name: z.string() }) }));

const place = ({ project, region }: Target): string[] => [`--project=${project}`, `--region=${region}`];

/** Cloud Run services of the target that are ours, with what they serve. Functions are among them, under their own names. */
export async function readServices(tools: Tools, target: Target, ours: ReadonlySet<string>): Promise<RunService[]> {
  const invocation = {
    command: 'gcloud' as const,
    args: ['run', 'services', 'list', ...place(target), '--format=json'],
  };
  const all = await tools.readJson(invocation, servicesSchema);
  return all
    .filter(({ metadata }) => ours.has(metadata.name))
    .map(({ metadata, spec, status }) => {
      const ready = status?.conditions?.find(({ type }) => type === 'Ready');
      return {
        name: metadata.name,
        ready: ready?.status === 'True',
        reason: ready?.message ?? 'Cloud Run says nothing of it yet',
        followsLatest: spec.traffic?.length === 1 && spec.traffic[0]?.latestRevision === true,
        traffic: (status?.traffic ?? [])
          .filter(({ revisionName, percent }) => revisionName !== undefined && (percent ?? 0) > 0)
          .map(({ revisionName, percent }) => ({ revision: revisionName!, percent: percent! })),
      };
    })
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** What is served now. */
export async function readServed(tools: Tools, target: Target, ours: ReadonlySet<string>): Promise<Served> {
  const services = (await readServices(tools, target, ours))
    // One that never got ready serves nothing that could be gone back to.
    .filter(({ traffic }) => traffic.length > 0)
    .map(({ name, traffic }) => ({ name, traffic }));
  const listed = await tools.readJson(
    { command: 'gcloud', args: ['run', 'jobs', 'list', ...place(target), '--format=json'] },
    jobsSchema,
  );
  const jobs: { name: string; specification: string }[] = [];
  for (const { metadata } of listed.filter((job) => ours.has(job.metadata.name))) {
    const specification = await tools.read({
      command: 'gcloud',
      args: ['run', 'jobs', 'describe', metadata.name, ...place(target), '--format=export'],
    });
    jobs.push({ name: metadata.name, specification });
  }
  return { services, jobs };
}

/** The command that runs a job and waits for its end. */
export const execution = (target: Target, name: string): Invocation => ({
  command: 'gcloud',
  args: ['run', 'jobs', 'execute', name, ...place(target), '--wait'],
});

export async function executeJob(tools: Tools, target: Target, name: string): Promise<void> {
  await tools.change(execution(target, name));
}
