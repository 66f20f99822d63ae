import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HashScan, RedisProtocolError } from './resp.ts';

const reply = (values: readonly (Buffer | null)[]): Buffer =>
  Buffer.concat([
    Buffer.from(`*${values.length}\r\n`),
    ...values.flatMap((value) =>
      value === null ? [Buffer.from('$-1\r\n')] : [Buffer.from(`$${value.length}\r\n`), value, Buffer.from('\r\n')],
    ),
  ]);

describe('values of HMGET replies', () => {
  test('are found whatever pieces the bytes come in', () => {
    const value = fc.option(fc.uint8Array({ maxLength: 30 }).map((it) => Buffer.from(it)));
    const replies = fc.array(fc.array(value, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(replies, fc.array(fc.nat(200)), (lists, cuts) => {
        const bytes = Buffer.concat(lists.map(reply));
        const values = lists.flat();
        const scan = new HashScan(
          lists.map(({ length }) => length),
          values.length,
        );
        let at = 0;
        for (const end of [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
          at = scan.scan(bytes.subarray(0, end), 0, at, end);
        }
        expect(scan.done).toBe(true);
        expect(at).toBe(bytes.length);
        const found = values.map((_, i) => {
          const length = scan.index[2 * i + 1]!;
          return length < 0 ? null : bytes.subarray(scan.index[2 * i]!, scan.index[2 * i]! + length);
        });
        expect(found.map((it) => it?.toString('hex'))).toEqual(values.map((it) => it?.toString('hex')));
      }),
    );
  });

  test('a refusal of one command leaves the others in their places', () => {
    const bytes = Buffer.concat([Buffer.from('-WRONGTYPE no hash\r\n'), reply([Buffer.from('x')])]);
    const scan = new HashScan([2, 1], 3);
    scan.scan(bytes, 0, 0, bytes.length);
    expect(scan.done).toBe(true);
    expect(scan.refusal?.message).toBe('WRONGTYPE no hash');
    expect([scan.index[1], scan.index[3], scan.index[5]]).toEqual([-1, -1, 1]);
  });

  test.each(['HTTP/1.1 400\r\n', '*2\r\n', '*1\r\n:5\r\n', '*1\r\n$x\r\n'])('%p is not what was asked for', (text) => {
    const bytes = Buffer.from(text);
    const scan = new HashScan([1], 1);
    expect(() => scan.scan(bytes, 0, 0, bytes.length)).toThrow(RedisProtocolError);
  });
});
