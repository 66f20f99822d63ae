import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Outcome } from '../tools.ts';
import { type Cloud, REGION, type Service } from './cloud.ts';
import type { CommandLine } from './command-line.ts';

/** Every command that changes something, by what changes it: written down apart from the code under test, which has its own opinion. */
export const MUTATING_GCLOUD: ReadonlySet<string> = new Set([
  'artifacts docker images delete',
  'auth configure-docker',
  'builds submit',
  'dataflow flex-template build',
  'iam service-accounts add-iam-policy-binding',
  'run jobs execute',
  'run jobs replace',
  'run services update-traffic',
  'secrets versions add',
  'services enable',
  'storage buckets create',
  'storage buckets update',
  'storage cp',
  'storage rm',
]);

export const ok = (value: unknown = ''): Outcome => ({
  exitCode: 0,
  stdout: typeof value === 'string' ? value : JSON.stringify(value),
  stderr: '',
});
export const fails = (stderr: string, exitCode = 1): Outcome => ({ exitCode, stdout: '', stderr: `ERROR: ${stderr}` });

const NOT_FOUND = (what: string): Outcome => fails(`(gcloud) NOT_FOUND: ${what} not found.`);
const DISABLED = (api: string): Outcome =>
  fails(
    `(gcloud) PERMISSION_DENIED: ${api} API has not been used in project 1 before or it is disabled. SERVICE_DISABLED`,
  );

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

type Handler = (cloud: Cloud, line: CommandLine, stdin: string | undefined) => Outcome;

/** What gcloud does to a project, for the commands that a deploy uses. Command lines have been checked before. */
export function gcloud(cloud: Cloud, line: CommandLine, stdin: string | undefined): Outcome {
  const handler = HANDLERS[line.path];
  if (handler === undefined) throw new Error(`the stand-in does not know what "gcloud ${line.path}" does`);
  return handler(cloud, line, stdin);
}

/** `gs://bucket/object` */
function object(cloud: Cloud, url: string): { bucket: Cloud['buckets'][string] | undefined; name: string } {
  const [bucket = '', ...name] = url.slice('gs://'.length).split('/');
  return { bucket: cloud.buckets[bucket], name: name.join('/') };
}

const one = ({ path, positionals }: CommandLine): string => {
  if (positionals.length !== 1)
    throw new Error(`gcloud ${path} takes one argument, not ${positionals.join(' ') || 'none'}`);
  return positionals[0]!;
};

const mustHave = ({ path, flags }: CommandLine, ...names: string[]): void => {
  for (const name of names)
    if (!flags.has(name)) throw new Error(`gcloud ${path} would ask for ${name}, or take it from somebody's settings`);
};

function push(cloud: Cloud, reference: string, content: string): void {
  const [name = '', tag = ''] = [
    reference.slice(0, reference.lastIndexOf(':')),
    reference.slice(reference.lastIndexOf(':') + 1),
  ];
  const version = `sha256:${sha256(`${name}\0${content}`)}`;
  for (const image of cloud.images) if (image.package === name) image.tags = image.tags.filter((one) => one !== tag);
  const known = cloud.images.find((image) => image.package === name && image.version === version);
  if (known) known.tags.push(tag);
  else cloud.images.push({ package: name, version, tags: [tag] });
}

/** An image of a tag that names its content is that content. */
export function pushByTag(cloud: Cloud, reference: string): void {
  push(cloud, reference, reference.slice(reference.lastIndexOf(':') + 1));
}

const describeService = ([name, { revisions, traffic, ingress, ready }]: [string, Service]): object => ({
  metadata: { name, annotations: { 'run.googleapis.com/ingress': ingress } },
  spec: {
    traffic: traffic.map(({ to, percent }) =>
      to === 'latest' ? { latestRevision: true, percent } : { revisionName: to, percent },
    ),
  },
  status: {
    url: `https://${name}-abc-ew.a.run.app`,
    conditions: [
      { type: 'Ready', status: ready ? 'True' : 'False', message: ready ? '' : 'the container failed to start' },
    ],
    traffic: traffic.map(({ to, percent }) => ({
      revisionName: to === 'latest' ? revisions.at(-1)!.name : to,
      percent,
    })),
  },
});

const HANDLERS: Readonly<Record<string, Handler>> = {
  version: () => ok({ 'Google Cloud SDK': '528.0.0' }),
  'auth list': (cloud) => ok(cloud.signedIn ? [{ account: 'deployer@example.com', status: 'ACTIVE' }] : []),
  'auth configure-docker': () => ok(),
  'projects describe': (cloud, line) =>
    one(line) === cloud.project.id
      ? ok({ projectId: cloud.project.id, lifecycleState: cloud.project.active ? 'ACTIVE' : 'DELETE_REQUESTED' })
      : fails('(gcloud.projects.describe) The caller does not have permission'),
  'billing projects describe': (cloud) => ok({ billingEnabled: cloud.project.billing }),
  'services list': (cloud, line) => {
    mustHave(line, '--project', '--enabled');
    return ok(cloud.apis.map((name) => ({ config: { name }, state: 'ENABLED' })));
  },
  'services enable': (cloud, line) => {
    mustHave(line, '--project');
    cloud.apis = [...new Set([...cloud.apis, ...line.positionals])].sort();
    return ok();
  },
  'compute regions describe': (cloud, line) => {
    if (!cloud.apis.includes('compute.googleapis.com')) return DISABLED('Compute Engine');
    return one(line) === REGION ? ok({ quotas: cloud.quotas }) : NOT_FOUND(`The resource ${one(line)}`);
  },
  'beta quotas info list': (cloud) =>
    ok([
      {
        metric: 'run.googleapis.com/cpu_allocation',
        dimensionsInfos: [{ dimensions: { region: REGION }, details: { value: String(cloud.runCpuMillis) } }],
      },
    ]),
  'storage buckets describe': (cloud, line) => {
    const { bucket } = object(cloud, one(line));
    return bucket ? ok({ name: one(line), versioning_enabled: bucket.versioning }) : NOT_FOUND(`${one(line)}`);
  },
  'storage buckets create': (cloud, line) => {
    mustHave(line, '--project', '--location', '--uniform-bucket-level-access', '--public-access-prevention');
    const name = one(line).slice('gs://'.length);
    if (cloud.buckets[name])
      return fails('HTTPError 409: Your previous request to create the named bucket succeeded and you already own it.');
    cloud.buckets[name] = { versioning: false, objects: {} };
    return ok();
  },
  'storage buckets update': (cloud, line) => {
    object(cloud, one(line)).bucket!.versioning = line.flags.has('--versioning');
    return ok();
  },
  'storage cp': (cloud, line, stdin) => {
    const [from = '', to = ''] = line.positionals;
    const { bucket, name } = object(cloud, to);
    if (bucket === undefined) return NOT_FOUND(to);
    if (from !== '-' && !existsSync(from)) return fails(`The following URLs matched no objects or files: ${from}`);
    if (line.flags.get('--if-generation-match') === '0' && bucket.objects[name] !== undefined)
      return fails('HTTPError 412: At least one of the pre-conditions you specified did not hold.');
    bucket.objects[name] = from === '-' ? (stdin ?? '') : readFileSync(from, 'utf8');
    return ok();
  },
  'storage cat': (cloud, line) => {
    const { bucket, name } = object(cloud, one(line));
    return bucket?.objects[name] === undefined
      ? fails(`The following URLs matched no objects or files: ${one(line)}`)
      : ok(bucket.objects[name]);
  },
  'storage rm': (cloud, line) => {
    const { bucket, name } = object(cloud, one(line));
    if (bucket?.objects[name] === undefined)
      return fails(`The following URLs matched no objects or files: ${one(line)}`);
    delete bucket.objects[name];
    return ok();
  },
  'storage ls': (cloud, line) => {
    const url = one(line);
    const { bucket, name } = object(cloud, url.replace(/\*\*$/, ''));
    const found = Object.keys(bucket?.objects ?? {}).filter((each) =>
      url.endsWith('**') ? each.startsWith(name) : each === name,
    );
    if (found.length === 0) return fails('One or more URLs matched no objects.');
    return ok(found.map((each) => `gs://${url.slice('gs://'.length).split('/')[0]}/${each}\n`).join(''));
  },
  'artifacts docker images list': (cloud, line) => {
    if (!cloud.apis.includes('artifactregistry.googleapis.com')) return DISABLED('Artifact Registry');
    if (!cloud.repository) return NOT_FOUND('Requested entity was');
    return ok(cloud.images.filter(({ package: name }) => name.startsWith(`${one(line)}/`)));
  },
  'builds submit': (cloud, line) => {
    mustHave(line, '--config', '--project', '--region', '--gcs-source-staging-dir');
    if (!cloud.repository) return fails('build failed: name unknown: Repository "tributary" not found');
    const build = JSON.parse(readFileSync(String(line.flags.get('--config')), 'utf8')) as { images: string[] };
    for (const reference of build.images) pushByTag(cloud, reference);
    return ok();
  },
  'dataflow flex-template build': (cloud, line) => {
    mustHave(line, '--project', '--image', '--sdk-language', '--metadata-file');
    const { bucket, name } = object(cloud, one(line));
    if (bucket === undefined) return NOT_FOUND(one(line));
    bucket.objects[name] = JSON.stringify({ image: line.flags.get('--image') });
    return ok();
  },
  'iam service-accounts get-iam-policy': (cloud) =>
    ok(
      cloud.smokeTokens.length === 0
        ? {}
        : { bindings: [{ role: 'roles/iam.serviceAccountOpenIdTokenCreator', members: cloud.smokeTokens }] },
    ),
  'iam service-accounts add-iam-policy-binding': (cloud, line) => {
    mustHave(line, '--member', '--role', '--condition');
    cloud.smokeTokens = [...new Set([...cloud.smokeTokens, String(line.flags.get('--member'))])];
    return ok();
  },
  'run services list': (cloud, line) => {
    mustHave(line, '--project', '--region');
    if (!cloud.apis.includes('run.googleapis.com')) return DISABLED('Cloud Run');
    return ok(Object.entries(cloud.services).map(describeService));
  },
  'run services update-traffic': (cloud, line) => {
    mustHave(line, '--project', '--region');
    const service = cloud.services[one(line)];
    if (service === undefined) return NOT_FOUND(`Service [${one(line)}]`);
    const to = line.flags.get('--to-revisions');
    if (line.flags.has('--to-latest')) service.traffic = [{ to: 'latest', percent: 100 }];
    else {
      const shares = String(to)
        .split(',')
        .map((share) => share.split('='));
      if (shares.some(([name]) => !service.revisions.some((revision) => revision.name === name)))
        return NOT_FOUND(`Revision ${to}`);
      service.traffic = shares.map(([name = '', percent]) => ({ to: name, percent: Number(percent) }));
    }
    return ok();
  },
  'run jobs list': (cloud, line) => {
    mustHave(line, '--project', '--region');
    return ok(Object.keys(cloud.jobs).map((name) => ({ metadata: { name } })));
  },
  'run jobs describe': (cloud, line) => {
    mustHave(line, '--project', '--region');
    const image = cloud.jobs[one(line)];
    return image === undefined
      ? NOT_FOUND(one(line))
      : ok(`kind: Job\nmetadata: {name: ${one(line)}}\nimage: ${image}\n`);
  },
  'run jobs replace': (cloud, line) => {
    mustHave(line, '--project', '--region');
    const [, name = '', image = ''] = /name: (.+)}\nimage: (.+)\n/.exec(readFileSync(one(line), 'utf8')) ?? [];
    cloud.jobs[name] = image;
    return ok();
  },
  'run jobs execute': (cloud, line) => {
    mustHave(line, '--project', '--region', '--wait');
    cloud.registry = cloud.jobs[one(line)];
    return ok();
  },
  'secrets versions list': (cloud, line) => {
    const values = cloud.secrets[one(line)];
    return values === undefined
      ? NOT_FOUND(`Secret [${one(line)}]`)
      : ok(values.map((_, index) => ({ name: `versions/${index + 1}` })));
  },
  'secrets versions add': (cloud, line, stdin) => {
    if (line.flags.get('--data-file') !== '-' || !stdin) return fails('a value was expected on standard input');
    cloud.secrets[one(line)]!.push(stdin);
    return ok();
  },
  'secrets versions access': (cloud, line) => {
    const value = cloud.secrets[String(line.flags.get('--secret'))]?.at(-1);
    return value === undefined ? NOT_FOUND('Secret version') : ok(value);
  },
};
