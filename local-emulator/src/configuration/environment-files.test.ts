import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { explainConfig, readSources, VARIABLES } from '@tributary/platform/config';
import { ROOT } from '../instance/machine.ts';
import { configurationOf, configurationOfDeployables } from './deployables.ts';

const all = configurationOfDeployables();
const declared = { ...VARIABLES, ...Object.assign({}, ...[...all.values()].map(({ own }) => own)) };
const contentOf = (name: string) => readSources({ TRIBUTARY_ENV: name }).fromFile;

/** What a file never holds: PEM, private keys, tokens of Google, Slack and GitHub, and anything long and random. */
const LIKE_A_SECRET =
  /-----BEGIN|AIza[\w-]{30}|ya29\.|xox[abp]-|gh[pousr]_\w{20}|hooks\.slack\.com|eyJ[\w-]{10}|\b[A-Za-z0-9+/]{40,}={0,2}(?![\w/.-])/;

describe.each(['local', 'dev', 'prod'])('.env.%s', (name) => {
  test('has declared variables only, once each, none of them a secret, and their values are valid', () => {
    const content = contentOf(name);
    const lines = readFileSync(join(ROOT, `.env.${name}`), 'utf8').match(/^\w+(?==)/gm) ?? [];
    expect(lines).toEqual([...new Set(lines)]);
    expect(Object.keys(content)).toEqual(lines);
    for (const [variable, value] of Object.entries(content)) {
      expect([variable, declared[variable]?.schema.safeParse(value).success]).toEqual([variable, true]);
      expect([variable, declared[variable]?.secret ?? false]).toEqual([variable, false]);
    }
  });

  test('holds nothing that looks like a secret, in comments neither', () => {
    expect(readFileSync(join(ROOT, `.env.${name}`), 'utf8')).not.toMatch(LIKE_A_SECRET);
  });
});

describe.each(['dev', 'prod'])('.env.%s, on a laptop', (name) => {
  test.each([...all.keys()])('is all that %s needs, secrets excepted', (deployable) => {
    const { sections, own } = configurationOf(deployable);
    const explained = explainConfig(sections, readSources({ TRIBUTARY_ENV: name }), own);
    expect(explained.length).toBeGreaterThan(5);
    expect(explained.filter(({ problem, secret }) => problem !== undefined && !secret)).toEqual([]);
  });

  test('is of its own project throughout, and selects the adapters of the cloud', () => {
    const content = contentOf(name);
    expect(content).toMatchObject({ PROJECT_ID: `tributary-${name}`, LAKE: 'gcs', BUS: 'pubsub' });
    const other = name === 'dev' ? 'prod' : 'dev';
    expect(readFileSync(join(ROOT, `.env.${name}`), 'utf8')).not.toContain(`tributary-${other}`);
    expect(content.HOST).toBe('127.0.0.1');
  });
});

test('dev and prod have the same variables', () => {
  expect(Object.keys(contentOf('dev'))).toEqual(Object.keys(contentOf('prod')));
});

test('a variable that only one deployable reads is among its own, and no other has it', () => {
  expect(Object.keys(configurationOf('load-warehouse').own)).toContain('LOAD_SPACING_SECONDS');
  expect(Object.keys(configurationOf('replay').own)).toEqual(['LOG_LEVEL']);
  expect(() => configurationOf('nope')).toThrow(/There is no deployable "nope".*replay/);
});
