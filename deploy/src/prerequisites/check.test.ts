import { afterEach, expect, test } from '@jest/globals';
import { EXIT } from '../deploy.ts';
import type { DeployOptions } from '../options.ts';
import { emptyProject } from '../testing/cloud.ts';
import { Scene } from '../testing/scene.ts';
import { PERMISSIONS } from './permissions.ts';

let it: Scene;
afterEach(() => it.remove());

const CASES: readonly [string, (scene: Scene) => void, string, RegExp, Partial<DeployOptions>?][] = [
  [
    'nobody is signed in',
    (scene) => {
      scene.cloud.signedIn = false;
    },
    'NOT_SIGNED_IN',
    /gcloud auth login/,
  ],
  [
    'Terraform has no credentials',
    (scene) => {
      scene.credentials = false;
    },
    'NOT_SIGNED_IN',
    /application default/,
  ],
  [
    'there is no such project',
    (scene) => {
      scene.cloud.project.id = 'another-project';
    },
    'NO_SUCH_PROJECT',
    /gcloud projects create tributary-test/,
  ],
  [
    'the project is being deleted',
    (scene) => {
      scene.cloud.project.active = false;
    },
    'NO_SUCH_PROJECT',
    /is DELETE_REQUESTED/,
  ],
  [
    'billing is off',
    (scene) => {
      scene.cloud.project.billing = false;
    },
    'BILLING_DISABLED',
    /gcloud billing projects link/,
  ],
  [
    'a permission is missing',
    (scene) => {
      scene.permissions = Object.keys(PERMISSIONS).filter((each) => each !== 'redis.instances.create');
    },
    'PERMISSIONS_MISSING',
    /redis\.instances\.create {3}\(the online store\)/,
  ],
  [
    'a base image has no digest',
    (scene) => {
      scene.unpinned = ['NODE'];
    },
    'PINS_MISSING',
    /NODE.*npm run pin/,
  ],
  [
    'Dataflow has too few CPUs',
    (scene) => {
      scene.cloud.apis.push('compute.googleapis.com');
      scene.cloud.quotas[0]!.limit = 4;
    },
    'QUOTA_TOO_LOW',
    /allows 4 CPUs of Dataflow workers/,
  ],
  [
    'Cloud Run has too few CPUs',
    (scene) => {
      scene.cloud.runCpuMillis = 2000;
    },
    'QUOTA_TOO_LOW',
    /allows 2 CPUs of Cloud Run; 20 are needed/,
  ],
  [
    'there is no such region',
    (scene) => {
      scene.cloud.apis.push('compute.googleapis.com');
    },
    'NO_SUCH_REGION',
    /no region mars-north1/,
    { region: 'mars-north1' },
  ],
  [
    'a full smoke test is asked of prod',
    () => {},
    'SMOKE_WRITES',
    /not for prod/,
    { smoke: 'full', environment: 'prod' },
  ],
];

test.each(CASES)('where %s, it is said before anything is changed', async (_, arrange, code, said, options = {}) => {
  it = new Scene(emptyProject());
  arrange(it);
  const before = structuredClone(it.cloud);
  expect(await it.deploy('v1', options)).toBe(EXIT.nothingServedChanged);
  expect(it.printed).toContain(`Error [${code}]`);
  expect(it.printed).toMatch(said);
  expect(it.cloud).toEqual(before);
});

test('several things that are wrong are told at once', async () => {
  it = new Scene(emptyProject());
  it.cloud.project.billing = false;
  it.cloud.runCpuMillis = 1000;
  it.permissions = [];
  await it.deploy('v1');
  for (const code of ['PREREQUISITES', 'BILLING_DISABLED', 'PERMISSIONS_MISSING', 'QUOTA_TOO_LOW'])
    expect(it.printed).toContain(`[${code}]`);
});
