import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ROOT } from '@tributary/local-emulator/instance/machine';
import { checkEnvironment } from './checks.ts';
import { BREAK_A_RULE, type Mutation, REFUSED } from './mutations.ts';
import { plan, planArguments } from './plan.ts';
import { readTable } from './table.ts';
import { chooseProviders, Terraform } from './terraform.ts';
import { copyConfiguration, type Workspace } from './workspace.ts';

const quiet = (): void => {};
const DEV = 'terraform/envs/dev';
const PROD = 'terraform/envs/prod';

/** Environments as they are, and what a variable turns on. */
const VARIANTS: readonly { name: string; folder: string; variables: Record<string, unknown>; absent?: string[] }[] = [
  { name: 'dev', folder: DEV, variables: {} },
  { name: 'prod', folder: PROD, variables: {}, absent: ['seeder'] },
  {
    name: 'dev with keys of its own, highly available stores and every channel of notify',
    folder: DEV,
    variables: {
      cmek: true,
      binary_authorization: true,
      online_store: { memory_gb: 5, high_availability: true },
      notify_channels: ['slack', 'google-chat', 'telegram'],
      telegram_chat_id: '-100',
    },
  },
  {
    name: 'dev with what can run on Kubernetes there',
    folder: DEV,
    variables: { kubernetes: { deployables: ['debezium-bridge', 'feast-server'] } },
  },
  {
    name: 'dev that is deployed from GitHub, with a budget',
    folder: DEV,
    variables: {
      delivery: { repository: 'example/tributary', repository_owner_id: '1' },
      billing_account: '012345-678901-ABCDEF',
    },
  },
];

let workspace: Workspace;
let terraform: Terraform;
beforeAll(async () => {
  terraform = await Terraform.create(await chooseProviders(quiet), quiet);
  workspace = copyConfiguration(ROOT);
  for (const folder of [DEV, PROD]) {
    const init = await terraform.init(join(workspace.root, folder));
    if (!init.ok) throw new Error(init.output);
  }
}, 300_000);
afterAll(() => {
  workspace?.[Symbol.dispose]();
  terraform?.[Symbol.dispose]();
});

const facts = (variables: Record<string, unknown>, absent: string[] = []) => ({
  topicPrefix: 'tributary.',
  channels: new Set((variables.notify_channels as string[] | undefined) ?? []),
  absent: new Set(absent),
});

test.each(VARIANTS)(
  '$name plans, and breaks no rule',
  async ({ folder, variables, absent }) => {
    const planned = await plan(terraform, join(workspace.root, folder), planArguments(workspace.root, variables));
    // A plan of nothing would break no rule either.
    expect(planned.length).toBeGreaterThan(150);
    expect(checkEnvironment(ROOT, planned, readTable(workspace.root), facts(variables, absent))).toEqual([]);
  },
  600_000,
);

test('the environments have the same configuration, and differ by variables alone', () => {
  const files = (folder: string) => readdirSync(join(ROOT, folder)).filter((file) => file.endsWith('.tf'));
  expect(files(DEV).length).toBeGreaterThan(0);
  expect(files(PROD)).toEqual(files(DEV));
  for (const file of files(DEV))
    expect(readFileSync(join(ROOT, PROD, file), 'utf8')).toBe(readFileSync(join(ROOT, DEV, file), 'utf8'));
});

describe('a mistake in the real configuration is found', () => {
  let violations: string[];
  beforeAll(async () => {
    using _ = mutated(BREAK_A_RULE);
    const planned = await plan(terraform, join(workspace.root, DEV), planArguments(workspace.root));
    violations = checkEnvironment(ROOT, planned, readTable(workspace.root), facts({})).map(
      ({ at, says }) => `${at}: ${says}`,
    );
  }, 600_000);

  test.each(BREAK_A_RULE)('by a rule: $name', ({ says }) => {
    expect(violations).toContainEqual(expect.stringMatching(says));
  });

  test.each(REFUSED)(
    'by Terraform: $name',
    async (mutation) => {
      using _ = mutated([mutation]);
      const result = await terraform.run(join(workspace.root, DEV), ['validate']);
      expect(result.output).toMatch(mutation.says);
      expect(result.ok).toBe(false);
    },
    600_000,
  );
});

/** The workspace with mistakes in it, until disposed of. */
function mutated(mutations: readonly Mutation[]): Disposable {
  const before = new Map<string, string>();
  for (const { file, from, to } of mutations) {
    const path = join(workspace.root, file);
    const text = readFileSync(path, 'utf8');
    if (!before.has(path)) before.set(path, text);
    // A mutation whose place is gone would prove nothing.
    if (text.split(from).length !== 2) throw new Error(`${file} has not exactly one "${from}"`);
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
  }
  return {
    [Symbol.dispose]: () => {
      for (const [path, text] of before) writeFileSync(path, text);
    },
  };
}
