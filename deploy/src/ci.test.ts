import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { IMAGES } from '@tributary/images';
import { parse } from 'yaml';
import { buildConfiguration } from './artifacts/cloud-build.ts';
import { problemsOf } from './testing/build-schema.ts';
import { PROJECT } from './testing/cloud.ts';
import { ROOT, Scene } from './testing/scene.ts';

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}
interface Job {
  uses?: string;
  needs?: string;
  environment?: string;
  permissions?: Record<string, string>;
  strategy?: { matrix: { image: string[] } };
  'timeout-minutes'?: number;
  steps?: Step[];
}
interface Workflow {
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  concurrency?: { group: string; 'cancel-in-progress': boolean | string };
  jobs: Record<string, Job>;
}

const folder = join(ROOT, '.github/workflows');
const files = readdirSync(folder);
const texts = new Map(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
const workflows = new Map([...texts].map(([file, text]) => [file, parse(text) as Workflow]));
const jobs = [...workflows].flatMap(([file, { jobs }]) =>
  Object.entries(jobs).map(([name, job]) => ({ file, name, job })),
);
const cloudBuild = readFileSync(join(ROOT, 'cloudbuild.yaml'), 'utf8');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** Scripts that a text runs: `npm run [--silent] X`, `npm test`, and the same as a list of arguments. */
function scriptsOf(text: string): string[] {
  const words = text.replaceAll(/args: \[run, ([\w-]+)/g, 'npm run $1').replaceAll('args: [test]', 'npm test');
  return [...words.matchAll(/\bnpm (?:run (?:--silent )?([\w-]+)|(test)\b)/g)].map(
    ([, script, short]) => script ?? short!,
  );
}

test.each([...texts, ['cloudbuild.yaml', cloudBuild] as const])('%s runs scripts that people have too', (_, text) => {
  const run = scriptsOf(text);
  expect(run.length).toBeGreaterThan(0);
  expect(run.filter((script) => scripts[script] === undefined)).toEqual([]);
});

describe('workflows', () => {
  test('have no more rights than they need: to read, and more only in the job that needs it', () => {
    for (const { permissions } of workflows.values()) expect(permissions).toEqual({ contents: 'read' });
    const more = jobs
      .filter(({ job }) => job.permissions)
      .map(({ file, name, job }) => [`${file} ${name}`, job.permissions]);
    expect(Object.fromEntries(more)).toEqual({
      'build.yml images': { contents: 'read', packages: 'write', 'id-token': 'write', attestations: 'write' },
      'build.yml packages': { contents: 'read', 'id-token': 'write', attestations: 'write' },
      'deploy-dev.yml deploy': { contents: 'read', 'id-token': 'write' },
      'deploy-prod.yml deploy': { contents: 'read', 'id-token': 'write' },
    });
  });

  test('run no action before the pins are checked, by a job that uses none', () => {
    expect(workflows.get('pins.yml')!.jobs.pins!.steps!.filter(({ uses }) => uses)).toEqual([]);
    expect(texts.get('pins.yml')).toContain('run: npm run pin -- --check');
    const first = new Set(['pins', 'test']);
    for (const { file, name, job } of jobs) {
      if (file === 'pins.yml' || job.uses) continue;
      expect([file, name, first.has(job.needs!)]).toEqual([file, name, true]);
      const needed = workflows.get(file)!.jobs[job.needs!]!.uses;
      expect(['./.github/workflows/pins.yml', './.github/workflows/ci.yml']).toContain(needed);
    }
  });

  test('name actions with a version, or by the commit that the lock file has for it', () => {
    const uses = [...texts.values()].flatMap((text) =>
      [...text.matchAll(/uses: (\S+@\S+)(?: # (\S+))?/g)].map(([, use, comment]) => [use, comment]),
    );
    expect(uses.length).toBeGreaterThan(20);
    const { actions } = JSON.parse(readFileSync(join(ROOT, 'deploy/images/images.lock.json'), 'utf8')) as {
      actions: Record<string, string | null>;
    };
    for (const [use = '', comment] of uses) {
      const [action, ref = ''] = use.split('@');
      if (/^[0-9a-f]{40}$/.test(ref)) expect([use, actions[`${action}@${comment}`]]).toEqual([use, ref]);
      else expect(use).toMatch(/@v\d+(\.\d+)*$/);
    }
  });

  test('never cut off a deploy, nor run two of one environment at once', () => {
    for (const environment of ['dev', 'prod']) {
      const { concurrency, jobs } = workflows.get(`deploy-${environment}.yml`)!;
      expect(concurrency).toEqual({ group: `deploy-${environment}`, 'cancel-in-progress': false });
      expect(jobs.deploy).toMatchObject({ environment, needs: 'test' });
    }
    for (const [file, { concurrency, on }] of workflows)
      if (!('workflow_call' in on && Object.keys(on).length === 1))
        expect([file, concurrency?.group]).toEqual([file, expect.any(String)]);
  });

  test('deploy without a key, dev from main and prod from a tag', () => {
    expect(workflows.get('deploy-dev.yml')!.on).toEqual({ push: { branches: ['main'] } });
    expect(workflows.get('deploy-prod.yml')!.on).toEqual({ push: { tags: ['v*'] } });
    for (const text of texts.values()) expect(text).not.toMatch(/secrets\.|credentials_json|service_account_key/);
    for (const environment of ['dev', 'prod']) {
      const auth = workflows
        .get(`deploy-${environment}.yml`)!
        .jobs.deploy!.steps!.find(({ uses }) => uses?.startsWith('google-github-actions/auth@'));
      expect(Object.keys(auth?.with ?? {})).toEqual(['workload_identity_provider', 'service_account']);
      expect(auth?.with?.workload_identity_provider).toMatch(/^\$\{\{ vars\.WORKLOAD_IDENTITY_PROVIDER \}\}$/);
      expect(auth?.with?.service_account).toMatch(/^\$\{\{ vars\.DEPLOYER \}\}$/);
    }
  });

  test('build and scan every image that there is', () => {
    for (const file of ['build.yml', 'security.yml'])
      expect(new Set(workflows.get(file)!.jobs.images!.strategy!.matrix.image)).toEqual(new Set(Object.keys(IMAGES)));
  });

  test('end jobs that hang, and leave no token of the repository behind', () => {
    for (const { file, name, job } of jobs) {
      if (!job.uses) expect([file, name, job['timeout-minutes']]).toEqual([file, name, expect.any(Number)]);
      for (const { uses, with: inputs } of job.steps ?? [])
        if (uses?.startsWith('actions/checkout@'))
          expect([file, name, inputs?.['persist-credentials']]).toEqual([file, name, false]);
    }
  });

  test('put what comes from outside into the environment, never into a script', () => {
    for (const { file, name, job } of jobs)
      for (const { run = '' } of job.steps ?? [])
        expect([file, name, run.includes('${{')]).toEqual([file, name, false]);
  });
});

describe('builds on Cloud Build', () => {
  test('cloudbuild.yaml is what its API takes, and does what the workflows do', () => {
    const build = parse(cloudBuild) as {
      steps: { id: string }[];
      options: Record<string, unknown>;
      substitutions: Record<string, string>;
    };
    expect(problemsOf(build)).toEqual([]);
    expect(build.steps.map(({ id }) => id)).toEqual([
      'tools',
      'pins',
      'lint',
      'test',
      'dependencies',
      'secrets',
      'deploy',
    ]);
    expect(build.options.requestedVerifyOption).toBe('VERIFIED');
    // No tag stands in for a digest that was not given.
    expect([build.substitutions._NODE, build.substitutions._DOCKER]).toEqual(['unpinned', 'unpinned']);
  });

  test("a deploy's own build is what its API takes, with provenance and every image by what is in it", () => {
    const scene = new Scene();
    const artifacts = scene.artifacts('v1');
    const build = buildConfiguration(artifacts, scene.options(), scene.places) as {
      steps: { name: string; args: string[] }[];
      images: string[];
      options: object;
    };
    scene.remove();
    expect(problemsOf(build)).toEqual([]);
    expect(build.options).toMatchObject({ requestedVerifyOption: 'VERIFIED' });
    expect(build.images).toHaveLength(artifacts.images.length);
    for (const image of build.images)
      expect(image).toMatch(
        new RegExp(`^europe-west1-docker\\.pkg\\.dev/${PROJECT}/tributary/[a-z-]+:content-[0-9a-f]{32}$`),
      );
    for (const { name, args } of build.steps) {
      expect(name).toMatch(/@sha256:[0-9a-f]{64}$/);
      for (const arg of args.filter((each) => each.startsWith('--build-arg=')))
        expect(arg).toMatch(/@sha256:[0-9a-f]{64}$/);
    }
  });

  test('what the API does not know is told', () => {
    expect(
      problemsOf({ steps: [{ name: 'a', arg: [] }], options: { requestedVerifyOption: 'YES' }, timeout: '5m' }),
    ).toEqual([
      'steps[0].arg is not known',
      'options.requestedVerifyOption is YES, which is none of NOT_VERIFIED, VERIFIED',
      'timeout is no duration',
    ]);
  });
});
