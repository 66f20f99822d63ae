/** A Google Cloud project and Terraform's state, as far as a deploy sees and changes them. Plain data: a stand-in keeps it in memory or in a file. */
export interface Cloud {
  signedIn: boolean;
  project: { id: string; active: boolean; billing: boolean };
  apis: string[];
  quotas: { metric: string; limit: number; usage: number }[];
  runCpuMillis: number;
  buckets: Record<string, { versioning: boolean; objects: Record<string, string> }>;
  repository: boolean;
  images: { package: string; version: string; tags: string[] }[];
  /** Values by secret, in order. */
  secrets: Record<string, string[]>;
  services: Record<string, Service>;
  /** Image by job. */
  jobs: Record<string, string>;
  /** Image whose definitions the feature registry has. */
  registry: string | undefined;
  /** Who may ask for tokens of the smoke account. */
  smokeTokens: string[];
  /** As deletion_protection of the environment leaves buckets. */
  protectedFromDestruction: boolean;
  terraform: { serial: number; locked: boolean; foundation: boolean; variables: Variables | undefined };
}

export interface Service {
  /** What each revision runs, oldest first. */
  revisions: { name: string; runs: string }[];
  /** A revision's name, or `latest`. */
  traffic: { to: string; percent: number }[];
  ingress: 'all' | 'internal';
  ready: boolean;
}

export interface Variables {
  images: Record<string, string>;
  function_sources: Record<string, { bucket: string; object: string }>;
  flex_template: string;
}

export const PROJECT = 'tributary-test';
export const REGION = 'europe-west1';

/** A project as the console makes it, with billing. */
export function emptyProject(): Cloud {
  return {
    signedIn: true,
    project: { id: PROJECT, active: true, billing: true },
    apis: ['storage.googleapis.com', 'serviceusage.googleapis.com'],
    quotas: [
      { metric: 'CPUS', limit: 24, usage: 0 },
      { metric: 'DISKS_TOTAL_GB', limit: 4096, usage: 0 },
      { metric: 'IN_USE_ADDRESSES', limit: 8, usage: 0 },
    ],
    runCpuMillis: 20_000,
    buckets: {},
    repository: false,
    images: [],
    secrets: {},
    services: {},
    jobs: {},
    registry: undefined,
    smokeTokens: [],
    protectedFromDestruction: false,
    terraform: { serial: 0, locked: false, foundation: false, variables: undefined },
  };
}

/** What answers requests and what jobs would run: what a rollback has to bring back. */
export function serving(cloud: Cloud): object {
  const services = Object.entries(cloud.services).map(([name, { revisions, traffic }]) => [
    name,
    traffic.map(({ to, percent }) => {
      const revision = to === 'latest' ? revisions.at(-1) : revisions.find((one) => one.name === to);
      return `${percent} % ${revision?.runs}`;
    }),
  ]);
  return { services: Object.fromEntries(services), jobs: { ...cloud.jobs }, registry: cloud.registry };
}
