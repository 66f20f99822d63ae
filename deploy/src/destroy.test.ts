import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readDeployables } from './deployables.ts';
import { destroy } from './destroy.ts';
import { createLog } from './log.ts';
import type { DestroyOptions } from './options.ts';
import { PROJECT, REGION } from './testing/cloud.ts';
import { ROOT, Scene } from './testing/scene.ts';
import { Tools } from './tools.ts';

let it: Scene;
beforeEach(async () => {
  it = new Scene();
  if ((await it.deploy('v1')) !== 0) throw new Error(it.printed);
  it.printed = '';
});
afterEach(() => it.remove());

const OPTIONS: DestroyOptions = {
  project: PROJECT,
  environment: 'dev',
  region: REGION,
  json: false,
  confirm: undefined,
  yesDestroyProd: false,
};

async function run(options: Partial<DestroyOptions> = {}, typed?: string): Promise<number> {
  const log = createLog({ json: false, write: (text) => it.print(text), now: () => new Date(0) });
  return await destroy(
    { ...OPTIONS, ...options },
    {
      tools: new Tools(it.standIn.exec, log, { readOnly: false }),
      log,
      google: it.google,
      places: it.places,
      deployables: readDeployables(ROOT),
      ask: async () => typed,
    },
  );
}

test('says what goes, what data goes with it and what stays, and destroys once the name was typed', async () => {
  expect(await run({}, PROJECT)).toBe(0);
  expect(it.printed).toMatch(/Data that is lost with them:\n.*google_storage_bucket.*\n.*google_pubsub_topic/);
  expect(it.printed).toContain(`What stays: gs://${PROJECT}-tributary-state with all versions`);
  expect(it.printed.indexOf('What stays')).toBeLessThan(it.printed.indexOf('── destroy'));
  expect(it.cloud.services).toEqual({});
  expect(it.cloud.buckets[`${PROJECT}-tributary-state`]).toBeDefined();
});

test.each([
  ['another name', {}, 'tributary-other', 'NOT_CONFIRMED'],
  ['nobody to ask', {}, undefined, 'NOT_CONFIRMED'],
  ['prod without its own word', { environment: 'prod' as const, confirm: PROJECT }, undefined, 'PROD_PROTECTED'],
])('with %s changes nothing', async (_, options, typed, code) => {
  const before = structuredClone(it.cloud);
  await expect(run(options, typed)).rejects.toMatchObject({ code });
  expect(it.cloud).toEqual(before);
});

test('refuses as a whole where something is protected, instead of stopping half-way', async () => {
  it.cloud.protectedFromDestruction = true;
  const before = structuredClone(it.cloud);
  await expect(run({ confirm: PROJECT })).rejects.toMatchObject({
    code: 'DESTROY_PROTECTED',
    message: expect.stringContaining('deletion_protection = false'),
  });
  expect(it.cloud).toEqual(before);
});

test('where nothing was deployed, says so', async () => {
  it.cloud.buckets = {};
  await expect(run({ confirm: PROJECT })).rejects.toMatchObject({ code: 'NOTHING_TO_DESTROY' });
});
