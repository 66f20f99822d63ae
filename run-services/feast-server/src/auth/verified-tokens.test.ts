import { expect, test } from '@jest/globals';
import { VerifiedTokens } from './verified-tokens.ts';

const token = (exp: number) => `Bearer h.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.s`;

function counted() {
  let calls = 0;
  return {
    calls: () => calls,
    verify: async () => {
      calls += 1;
      return { email: 'a@b.test' };
    },
  };
}

test('a token is trusted for a minute', async () => {
  const verifier = counted();
  let now = 1_000_000;
  const tokens = new VerifiedTokens(verifier, () => now);
  await tokens.verify(token(9_999_999));
  now += 59_000;
  await tokens.verify(token(9_999_999));
  expect(verifier.calls()).toBe(1);
  now += 2_000;
  await tokens.verify(token(9_999_999));
  expect(verifier.calls()).toBe(2);
});

test('a token is never trusted beyond its own end and the skew that verifiers allow', async () => {
  const verifier = counted();
  let now = 1_000_000;
  const tokens = new VerifiedTokens(verifier, () => now);
  // It ended 290 of the 300 seconds of skew ago.
  const ending = token(now / 1_000 - 290);
  await tokens.verify(ending);
  now += 11_000;
  await tokens.verify(ending);
  expect(verifier.calls()).toBe(2);
});

test('a thousand tokens are remembered, and of more the oldest are forgotten', async () => {
  const verifier = counted();
  const tokens = new VerifiedTokens(verifier, () => 0);
  for (let index = 0; index <= 1_000; index += 1) await tokens.verify(token(10_000 + index));
  await tokens.verify(token(11_000));
  expect(verifier.calls()).toBe(1_001);
  await tokens.verify(token(10_000));
  expect(verifier.calls()).toBe(1_002);
});
