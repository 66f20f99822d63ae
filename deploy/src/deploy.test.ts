import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { UserError } from '@tributary/platform/errors';
import { deploy, EXIT } from './deploy.ts';
import { type Cloud, emptyProject, PROJECT, serving } from './testing/cloud.ts';
import { Scene } from './testing/scene.ts';
import type { Fault, StandIn } from './testing/stand-in.ts';

let scenes: Scene[];
beforeEach(() => {
  scenes = [];
});
afterEach(() => {
  for (const scene of scenes) scene.remove();
});
const scene = (cloud?: Cloud): Scene => {
  const made = new Scene(cloud);
  scenes.push(made);
  return made;
};

/** A project that version v1 was deployed to, made once: tests change copies. */
let deployed: Cloud | undefined;
async function deployedProject(): Promise<Cloud> {
  if (deployed === undefined) {
    const first = scene();
    if ((await first.deploy('v1')) !== EXIT.done) throw new Error(first.printed);
    deployed = first.cloud;
  }
  return structuredClone(deployed);
}

/** What is served where a version is deployed whole to a project that was as it is. */
async function servedAfter(cloud: Cloud, version: string): Promise<object> {
  const other = scene(structuredClone(cloud));
  if ((await other.deploy(version)) !== EXIT.done) throw new Error(other.printed);
  return serving(other.cloud);
}

const journalIn = (cloud: Cloud): string | undefined =>
  cloud.buckets[`${PROJECT}-tributary-state`]?.objects['deploys/dev/unfinished.json'];
const mutations = ({ calls }: StandIn): string[] =>
  calls.filter(({ mutating }) => mutating).map(({ program, path }) => `${program} ${path}`);

describe('a deploy', () => {
  test('brings an empty project to everything that is declared, and says each step before the first is done', async () => {
    const it = scene();
    expect(await it.deploy('v1')).toBe(EXIT.done);
    expect(Object.keys(it.cloud.services)).toHaveLength(11);
    expect(it.cloud.services['feast-server']?.revisions.map(({ runs }) => runs)).toEqual([
      expect.stringMatching(
        /^europe-west1-docker\.pkg\.dev\/tributary-test\/tributary\/feast-server@sha256:[0-9a-f]{64}$/,
      ),
    ]);
    expect(it.cloud.registry).toBe(it.cloud.jobs.feast);
    expect(it.cloud.smokeTokens).toEqual(['user:deployer@example.com']);
    expect(it.cloud.buckets[`${PROJECT}-tributary-state`]).toEqual({ versioning: true, objects: {} });
    expect(it.cloud.buckets[`${PROJECT}-keys`]?.objects['pii-keys.json']).toBe(
      it.cloud.secrets['tributary-pii-keys']?.[0],
    );
    const announced = it.printed.indexOf('What is done, in this order:');
    expect(announced).toBeGreaterThan(0);
    expect(announced).toBeLessThan(it.printed.indexOf('$ gcloud services enable'));
    for (const step of ['state', 'foundation', 'secrets', 'images', 'functions', 'template', 'apply', 'smoke test'])
      expect(it.printed.slice(announced).split('──')[0]).toMatch(new RegExp(`\\d+\\. ${step}: `));
  });

  test('of the same tree again builds, uploads and applies nothing', async () => {
    const it = scene(await deployedProject());
    expect(await it.deploy('v1')).toBe(EXIT.done);
    expect(mutations(it.standIn)).toEqual([
      'terraform plan',
      'terraform plan',
      'gcloud storage cp',
      'gcloud run jobs execute',
      'gcloud storage rm',
    ]);
  });

  test('applies the very plan that it saved, and no other way', async () => {
    const it = scene(await deployedProject());
    await it.deploy('v2');
    const terraform = it.standIn.calls.filter(({ program, path }) => program === 'terraform' && path !== 'init');
    const saved = terraform
      .flatMap(({ args }) => args.filter((arg) => arg.startsWith('-out=')))
      .map((arg) => arg.slice('-out='.length));
    expect(terraform.filter(({ path }) => path === 'apply').map(({ args }) => args.at(-1))).toEqual([saved.at(-1)]);
    expect(it.files().has(saved.at(-1)!)).toBe(false);
  });

  test('with --builder docker pushes each image itself, for the platform that Cloud Run runs', async () => {
    const it = scene(await deployedProject());
    expect(await it.deploy('v2', { builder: 'docker' })).toBe(EXIT.done);
    const builds = it.standIn.calls.filter(({ path }) => path === 'buildx build');
    expect(builds).toHaveLength(10);
    for (const { args } of builds)
      expect(args).toEqual(
        expect.arrayContaining([
          '--platform=linux/amd64',
          '--push',
          expect.stringMatching(/^--build-arg=NODE=.*@sha256:/),
        ]),
      );
    expect(mutations(it.standIn)).not.toContain('gcloud builds submit');
  });

  test('asks before it changes anything, and stops where the answer is not yes', async () => {
    const cloud = await deployedProject();
    for (const [typed, said] of [
      ['no', 'Stopped before anything was changed'],
      [undefined, 'add --yes'],
    ] as const) {
      const it = scene(structuredClone(cloud));
      it.typed = typed;
      expect(await it.deploy('v2', { yes: false })).toBe(EXIT.nothingServedChanged);
      expect(it.printed).toContain(said);
      expect(it.cloud).toEqual(cloud);
    }
  });

  test('as JSON prints one object a line', async () => {
    const it = scene(await deployedProject());
    await it.deploy('v2', { json: true });
    const lines = it.printed
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { kind: string; time: string });
    expect(new Set(lines.map(({ kind }) => kind))).toEqual(new Set(['step', 'info', 'command']));
    for (const { time } of lines) expect(time).toBe('1970-01-01T00:00:00.000Z');
  });
});

describe('--plan', () => {
  test.each([
    ['an empty project', async () => emptyProject()],
    ['a project that v1 is deployed to', deployedProject],
  ])('changes nothing in %s, takes no lock, and runs terraform plan', async (_, start) => {
    const cloud = await start();
    const it = scene(structuredClone(cloud));
    expect(await it.deploy('v2', { plan: true })).toBe(EXIT.done);
    expect(it.cloud).toEqual(cloud);
    expect(mutations(it.standIn)).toEqual([]);
    expect(it.standIn.calls.at(-1)).toMatchObject({
      program: 'terraform',
      path: 'plan',
      args: expect.arrayContaining(['-lock=false']),
    });
    expect(it.printed).toContain('Nothing was changed.');
  });

  test('cannot change anything even where a step would', async () => {
    const it = scene(await deployedProject());
    const options = it.options({ plan: true });
    const { tools } = it.ports('v2', options);
    await expect(tools.change({ command: 'gcloud', args: ['run', 'services', 'list'] })).rejects.toMatchObject({
      code: 'PLAN_MUTATES',
    });
    expect(it.standIn.calls).toEqual([]);
  });
});

const FAILS: readonly Fault[] = ['fails-before', 'fails-after', 'fails-half'];
const DIES: readonly Fault[] = ['dies-before', 'dies-after', 'dies-half'];

/** Deploys v2 with the n-th change going wrong, for each n there is; a copy of the project each. */
async function* everyFault(start: Cloud, how: Fault): AsyncGenerator<{ it: Scene; status: number; at: number }> {
  for (let at = 0; ; at += 1) {
    const it = scene(structuredClone(start));
    const status = await it.deploy('v2', {}, (standIn) => {
      standIn.fault = { at, how };
    });
    if (mutations(it.standIn).length <= at) {
      if (status !== EXIT.done || at < 5)
        throw new Error(`without a fault it ended with ${status} after ${at} changes`);
      return;
    }
    yield { it, status, at };
    it.remove();
  }
}

describe('a change that goes wrong, each of them in turn,', () => {
  test.each(FAILS)('and %s leaves what was served, and the next deploy finishes', async (how) => {
    const start = await deployedProject();
    const before = serving(start);
    const wanted = await servedAfter(start, 'v2');
    for await (const { it, status, at } of everyFault(start, how)) {
      // The last change is that of the journal: all is deployed by then, and goes back like the rest.
      expect([at, status]).toEqual([
        at,
        it.printed.includes('── rollback') ? EXIT.rolledBack : EXIT.nothingServedChanged,
      ]);
      expect([at, serving(it.cloud)]).toEqual([at, before]);
      expect([at, await it.deploy('v2')]).toEqual([at, EXIT.done]);
      expect([at, serving(it.cloud)]).toEqual([at, wanted]);
      expect(journalIn(it.cloud)).toBeUndefined();
    }
  });

  test.each(DIES)('and %s is gone on with by the next deploy', async (how) => {
    const start = await deployedProject();
    const wanted = await servedAfter(start, 'v2');
    for await (const { it, at } of everyFault(start, how)) {
      expect([at, await it.deploy('v2')]).toEqual([at, EXIT.done]);
      expect([at, serving(it.cloud)]).toEqual([at, wanted]);
      expect(journalIn(it.cloud)).toBeUndefined();
    }
  });

  test.each(DIES)(
    'and %s is not taken for what was served before: a next deploy that fails goes back past it',
    async (how) => {
      const start = await deployedProject();
      const before = serving(start);
      for await (const { it, at } of everyFault(start, how)) {
        it.answer = () => 500;
        const wasWhole = journalIn(it.cloud) === undefined && it.cloud.services['feast-server']!.revisions.length === 2;
        expect([at, await it.deploy('v2')]).toEqual([at, EXIT.rolledBack]);
        // Where it died after its last change, all of v2 had been tried and found well.
        if (!wasWhole) expect([at, serving(it.cloud)]).toEqual([at, before]);
      }
    },
  );

  test.each(['fails-after', 'dies-before', 'dies-half'] as const)(
    'on an empty project, and %s, is gone on with by the next deploy',
    async (how) => {
      const wanted = await servedAfter(emptyProject(), 'v2');
      for await (const { it, at } of everyFault(emptyProject(), how)) {
        expect([at, await it.deploy('v2')]).toEqual([at, EXIT.done]);
        expect([at, serving(it.cloud)]).toEqual([at, wanted]);
      }
    },
  );
});

describe('a smoke test that fails', () => {
  test('sends requests back to the revisions of before, and the next good deploy to the newest', async () => {
    const start = await deployedProject();
    const it = scene(structuredClone(start));
    const well = it.answer;
    it.answer = () => 500;
    expect(await it.deploy('v2')).toBe(EXIT.rolledBack);
    expect(it.printed).toMatch(/\[SMOKE_FAILED\].*feast-server answered \/health with 500/);
    expect(serving(it.cloud)).toEqual(serving(start));
    expect(it.cloud.terraform.variables).not.toEqual(start.terraform.variables);
    it.answer = well;
    expect(await it.deploy('v3')).toBe(EXIT.done);
    expect(serving(it.cloud)).toEqual(await servedAfter(start, 'v3'));
  });

  test.each([
    [
      'a service that Cloud Run does not call ready',
      (it: Scene) => {
        it.cloud.services.notify!.ready = false;
      },
      'notify is not ready: the container failed to start',
    ],
    [
      'a service that answers without a token',
      (it: Scene) => {
        it.answer = () => 200;
      },
      'feast-server answered POST /get-online-features without a token with 200',
    ],
    [
      'a service that takes a forged token',
      (it: Scene) => {
        it.answer = (url, headers) => (headers.has('authorization') || url.pathname === '/health' ? 200 : 401);
      },
      'with a forged token with 200',
    ],
  ])('names %s', async (_, arrange, said) => {
    const it = scene(await deployedProject());
    arrange(it);
    expect(await it.deploy('v2')).toBe(EXIT.rolledBack);
    expect(it.printed).toContain(said);
  });

  test('is not run with --smoke none', async () => {
    const it = scene(await deployedProject());
    it.answer = () => 500;
    expect(await it.deploy('v2', { smoke: 'none' })).toBe(EXIT.done);
  });
});

describe('a rollback that fails itself', () => {
  test('goes on with the rest, prints the commands that are left, and the next one finishes it', async () => {
    const start = await deployedProject();
    const it = scene(structuredClone(start));
    it.answer = () => 500;
    const status = await it.deploy('v2', {}, (standIn) => {
      standIn.refuse = ({ path, args }) => path === 'run services update-traffic' && args.includes('feast-server');
    });
    expect(status).toBe(EXIT.rollbackIncomplete);
    expect(it.printed).toMatch(
      /NOT put back: feast-server[^\n]*\n {2}by hand: gcloud run services update-traffic feast-server .*--to-revisions=feast-server-00001=100/,
    );
    expect(it.cloud.services['warehouse-api']?.traffic).toEqual([{ to: 'warehouse-api-00001', percent: 100 }]);
    expect(journalIn(it.cloud)).toBeDefined();
    expect(await it.deploy('v2')).toBe(EXIT.rolledBack);
    expect(serving(it.cloud)).toEqual(serving(start));
  });
});

describe('two deploys at once', () => {
  test('the second is refused by Terraform, changes nothing of the first, and says how to go on', async () => {
    const cloud = await deployedProject();
    cloud.terraform.locked = true;
    const it = scene(structuredClone(cloud));
    expect(await it.deploy('v2')).toBe(EXIT.nothingServedChanged);
    expect(it.printed).toMatch(/\[STATE_LOCKED\][\s\S]*terraform force-unlock/);
    expect(serving(it.cloud)).toEqual(serving(cloud));
  });

  test('a plan that another deploy overtook is not applied, and nothing of that deploy is rolled back', async () => {
    const it = scene(await deployedProject());
    const other = scene(it.cloud);
    const options = it.options();
    const ports = it.ports('v2', options);
    let overtaken: object | undefined;
    const status = await deploy(options, {
      ...ports,
      // The journal asks for the time between plan and apply.
      now: () => {
        if (overtaken === undefined) {
          it.cloud.terraform.serial += 1;
          it.cloud.services['feast-server']!.revisions.push({
            name: 'feast-server-00009',
            runs: 'of the other deploy',
          });
          overtaken = serving(it.cloud);
        }
        return new Date(0);
      },
    });
    expect(status).toBe(EXIT.nothingServedChanged);
    expect(it.printed).toContain('[PLAN_STALE]');
    expect(serving(it.cloud)).toEqual(overtaken);
    expect(await other.deploy('v2')).toBe(EXIT.done);
  });
});

describe('what must stay secret', () => {
  test('is in no argument, no line that is printed, and no file or object but those meant for it', async () => {
    const it = scene();
    await it.deploy('v1', { json: true });
    it.answer = () => 500;
    await it.deploy('v2');
    const secrets = [...Object.values(it.cloud.secrets).flat(), `id-token-for-https://feast-server`];
    expect(Object.values(it.cloud.secrets).flat()).toHaveLength(3);
    const seen = [it.printed, ...it.standIn.calls.flatMap(({ args }) => args), ...it.files().values()];
    const objects = Object.entries(it.cloud.buckets).flatMap(([bucket, { objects }]) =>
      bucket.endsWith('-keys') ? [] : Object.values(objects),
    );
    for (const secret of secrets) for (const text of [...seen, ...objects]) expect(text.includes(secret)).toBe(false);
    expect(it.files().size).toBeGreaterThan(0);
  });

  test('is made where there is none, and never made again', async () => {
    const it = scene();
    await it.deploy('v1');
    const made = structuredClone(it.cloud.secrets);
    expect(JSON.parse(made['tributary-pii-keys']![0]!)).toEqual({
      active: 'v1',
      keys: { v1: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/) },
    });
    await it.deploy('v2');
    expect(it.cloud.secrets).toEqual(made);
  });
});

describe('an interruption', () => {
  test('lets the command that runs end, starts no other, and rolls back', async () => {
    const start = await deployedProject();
    const it = scene(structuredClone(start));
    const options = it.options();
    const ports = it.ports('v2', options);
    const exec = it.standIn.exec;
    const { Tools } = await import('./tools.ts');
    const tools: InstanceType<typeof Tools> = new Tools(
      async (invocation) => {
        const outcome = await exec(invocation);
        if (invocation.args.includes('apply')) tools.interrupt();
        return outcome;
      },
      ports.log,
      { readOnly: false },
    );
    expect(await deploy(options, { ...ports, tools })).toBe(EXIT.rolledBack);
    expect(it.printed).toContain('[INTERRUPTED]');
    expect(serving(it.cloud)).toEqual(serving(start));
  });
});

test('an error of ours is told as ours', async () => {
  const it = scene(await deployedProject());
  const options = it.options();
  const status = await deploy(options, {
    ...it.ports('v2', options),
    artifacts: () => {
      throw new TypeError('planted');
    },
  });
  expect(status).toBe(EXIT.nothingServedChanged);
  expect(it.printed).toMatch(/\[UNEXPECTED\]: planted[\s\S]*ours to mend/);
  expect(it.printed).not.toContain(UserError.name);
});
