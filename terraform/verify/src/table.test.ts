import { expect, test } from '@jest/globals';
import { ROOT } from '@tributary/local-emulator/instance/machine';
import { whysNameCode } from './assertions/whys.ts';
import { parseTable, readTable, type Table } from './table.ts';

const TABLE = readTable(ROOT);
const withRole = (name: string, why: string): Table => ({
  ...TABLE,
  deployables: {
    [name]: {
      ...TABLE.deployables[name]!,
      role_sets: [],
      roles: [{ role: 'roles/pubsub.viewer', on: 'project', why }],
    },
  },
  accounts: {},
});

test('every row of terraform/deployables.yaml names a file that has the call it is for', () => {
  expect(whysNameCode(ROOT, TABLE)).toEqual([]);
});

test.each([
  ['prose alone', 'it has always had it', 'its why names no file'],
  ['a file that is gone', 'publish, functions/notify/src/no-such.ts', 'there is no functions/notify/src/no-such.ts'],
  [
    'a call that the file does not have',
    'noSuchCall(), functions/notify/src/record.ts',
    'no "noSuchCall" in functions/notify/src/record.ts',
  ],
])('a row whose why is %s is refused', (_, why, says) => {
  expect(whysNameCode(ROOT, withRole('notify', why))).toEqual([
    { at: 'notify: roles/pubsub.viewer on project', says: expect.stringContaining(says) },
  ]);
});

test('a file named without its folder is looked for beside the one before it, and in the source', () => {
  const beside = 'the ledger, functions/notify/src/record.ts and outbox.ts';
  expect(whysNameCode(ROOT, withRole('notify', beside))).toEqual([]);
});

test('a bare `on`, which Terraform reads as true, is refused', () => {
  const text = `
custom_roles: {}
sections: {}
role_sets: {}
deployables: {}
accounts: { builder: { account: b, roles: [{ role: roles/logging.logWriter, on: project, why: the log }] } }
`;
  expect(() => parseTable(text)).toThrow(/on/);
  expect(() => parseTable(text.replace('on: project', '"on": project'))).not.toThrow();
});
