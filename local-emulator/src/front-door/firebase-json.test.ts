import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readEnvironment } from '@tributary/platform/config';
import { parse } from 'yaml';
import { ROOT } from '../instance/machine.ts';

interface Rewrite {
  readonly source: string;
  readonly run: { readonly serviceId: string; readonly region: string };
}

interface Deployable {
  readonly kind: string;
  readonly ingress?: string;
  readonly invoker_check?: boolean;
  readonly environment?: Readonly<Record<string, unknown>>;
}

const text = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const { hosting } = JSON.parse(text('front-door/firebase.json')) as { hosting: { rewrites: readonly Rewrite[] } };
const { deployables } = parse(text('terraform/deployables.yaml')) as {
  deployables: Readonly<Record<string, Deployable>>;
};
const services = [...new Set(hosting.rewrites.map(({ run }) => run.serviceId))];

test('a service behind the door lets Hosting through, which calls as nobody, and verifies tokens itself', () => {
  expect(services).toEqual(['feast-server', 'warehouse-api']);
  for (const service of services)
    expect([service, deployables[service]]).toMatchObject([
      service,
      { kind: 'service', ingress: 'all', invoker_check: false, environment: { OIDC_SIGNATURE: 'verify' } },
    ]);
});

test('no other service leaves the check to itself', () => {
  const unchecked = Object.entries(deployables).filter(([, { invoker_check }]) => invoker_check === false);
  expect(unchecked.map(([name]) => name).sort()).toEqual([...services].sort());
});

test.each(['dev', 'prod'])('rewrites lead to the region of %s', (name) => {
  const { LOCATION } = readEnvironment({ TRIBUTARY_ENV: name });
  expect(new Set(hosting.rewrites.map(({ run }) => run.region))).toEqual(new Set([LOCATION]));
});

test('the page asks after every service, by a path that leads to it', () => {
  const page = text('front-door/public/index.html');
  const sections = [...page.matchAll(/data-service="([^"]+)" data-probe="([^"]+)"/g)].map(([, name, path]) => [
    name,
    path,
  ]);
  const led = sections.map(([, path]) => [hosting.rewrites.find(({ source }) => source === path)?.run.serviceId, path]);
  expect(led).toEqual(sections);
  expect(sections.map(([name]) => name)).toEqual(services);
});

test('no rewrite leads to what is written, delivered or measured', () => {
  for (const { source } of hosting.rewrites)
    expect(source).not.toMatch(/push|write|materialize|metrics|healthz|^\/?\*/);
});
