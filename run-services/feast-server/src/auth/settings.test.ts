import { expect, test } from '@jest/globals';
import { readAuthSettings, requireEventCallers } from './settings.ts';

const OIDC = { FEAST_AUTH: 'oidc', OIDC_AUDIENCE: 'https://feast.test', OIDC_READERS: 'a@b.test, *@c.test' };

test.each(['127.0.0.1', '127.9.9.9', 'localhost', '::1'])('on %s nobody needs to say who they are', (HOST) => {
  expect(readAuthSettings({ HOST })).toBeUndefined();
});

test.each(['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', 'feast.internal'])(
  'a server that would listen on %s without authentication does not start',
  (HOST) => {
    expect(() => readAuthSettings({ HOST })).toThrow(expect.objectContaining({ code: 'AUTH_REQUIRED' }));
    expect(() => readAuthSettings({ HOST, FEAST_AUTH: 'none' })).toThrow(
      expect.objectContaining({ code: 'AUTH_REQUIRED' }),
    );
  },
);

test('OIDC callers are read by right', () => {
  expect(readAuthSettings({ HOST: '0.0.0.0', ...OIDC, OIDC_CALLERS: 'push@b.test' })).toEqual({
    apiKeysFile: undefined,
    oidc: {
      audiences: ['https://feast.test'],
      issuers: ['https://accounts.google.com'],
      certsUrl: undefined,
      signature: 'verify',
      readers: ['a@b.test', '*@c.test'],
      writers: [],
      events: ['push@b.test'],
    },
  });
});

test.each([
  ['oidc without an audience', { FEAST_AUTH: 'oidc', OIDC_READERS: '*' }, 'OIDC_AUDIENCE is missing'],
  ['oidc without anybody', { ...OIDC, OIDC_READERS: '' }, 'OIDC_READERS'],
  ['api-key without a file', { FEAST_AUTH: 'api-key' }, 'API_KEYS_FILE is missing'],
  ['none beside oidc', { ...OIDC, FEAST_AUTH: 'none,oidc' }, 'none beside another'],
  ['something else', { FEAST_AUTH: 'basic' }, 'expected none, oidc, api-key'],
])('%s is a configuration that cannot be meant', (_case, environment, message) => {
  expect(() => readAuthSettings({ HOST: '127.0.0.1', ...environment })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) }),
  );
});

test('Pub/Sub can only push where somebody may deliver by OIDC', () => {
  requireEventCallers(undefined);
  requireEventCallers(readAuthSettings({ ...OIDC, OIDC_CALLERS: 'push@b.test' }));
  for (const environment of [OIDC, { FEAST_AUTH: 'api-key', API_KEYS_FILE: '/keys.json' }]) {
    expect(() => requireEventCallers(readAuthSettings(environment))).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('OIDC_CALLERS') }),
    );
  }
});
