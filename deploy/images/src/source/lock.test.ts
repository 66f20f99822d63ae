import { expect, test } from '@jest/globals';
import { cutLock, type PackageLock } from './lock.ts';

const LOCK: PackageLock = {
  lockfileVersion: 3,
  packages: {
    '': { name: 'all' },
    app: { name: '@t/app', version: '1.0.0' },
    'node_modules/@t/app': { resolved: 'app', link: true },
    'node_modules/@t/lib': { resolved: 'lib', link: true },
    'node_modules/a': { version: '1.0.0', dependencies: { b: '^1.0.0' }, optionalDependencies: { other: '1.0.0' } },
    'node_modules/a/node_modules/b': { version: '1.5.0' },
    'node_modules/b': { version: '2.0.0' },
    'node_modules/peer': { version: '3.0.0' },
    'node_modules/tool': {
      version: '4.0.0',
      peerDependencies: { peer: '3', absent: '1' },
      peerDependenciesMeta: { absent: { optional: true } },
    },
    'node_modules/jest': { version: '5.0.0' },
    'app/node_modules/tool': { version: '4.1.0', peerDependencies: { peer: '3' } },
  },
};
const TOP = { name: 'tributary-app', version: '1.0.0', workspaces: ['app'] };

test('the nearest version counts, peers come along, and nothing that is not needed', () => {
  const app = { name: '@t/app', version: '1.0.0', dependencies: { a: '1.0.0', tool: '4.1.0' } };
  expect(cutLock(LOCK, TOP, [{ folder: 'app', name: '@t/app', manifest: app }])).toEqual({
    name: 'tributary-app',
    version: '1.0.0',
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': TOP,
      app,
      'app/node_modules/tool': LOCK.packages['app/node_modules/tool'],
      'node_modules/@t/app': { resolved: 'app', link: true },
      'node_modules/a': LOCK.packages['node_modules/a'],
      'node_modules/a/node_modules/b': { version: '1.5.0' },
      'node_modules/peer': { version: '3.0.0' },
    },
  });
});

test('a package that is needed and not locked is refused by name', () => {
  const manifest = { name: '@t/app', dependencies: { missing: '1.0.0' } };
  expect(() => cutLock(LOCK, TOP, [{ folder: 'app', name: '@t/app', manifest }])).toThrow(
    expect.objectContaining({ code: 'LOCK_INCOMPLETE', message: expect.stringContaining('missing') }),
  );
});
