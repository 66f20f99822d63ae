import { beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { GroupCommit, inspectCommits } from '../../group-commit/index.ts';
import type { Lake, LakeObject } from '../port.ts';

/** A lake on a real server, and what the suite needs to know of it. */
export interface LakeUnderTest {
  readonly lake: Lake;
  readonly bucket: string;
  /** The same adapter, pointed at where nobody listens. */
  readonly away: Lake;
  /** Whether the server tells a missing bucket from a missing object. */
  readonly knowsMissingBuckets: boolean;
}

const NAMES = [
  'names/dt=2026-11-21/ä b+c%2F&d.json',
  'names/emoji-🚚/日本.json',
  'names/quotes-\'single\'-"double".json',
  'names/hash#question?semicolon;comma,tilde~.json',
  `names/${'long'.repeat(50)}.json`,
];

/** What every adapter of the lake promises (./port.ts), against a real server. */
export function describeLake(name: string, open: () => LakeUnderTest): void {
  describe(`the lake's contract, on ${name}`, () => {
    let under: LakeUnderTest;
    let lake: Lake;
    let bucket: string;

    beforeAll(() => {
      under = open();
      ({ lake, bucket } = under);
    });

    const listed = async (prefix: string, after?: string): Promise<LakeObject[]> => {
      const objects: LakeObject[] = [];
      for await (const object of lake.list(bucket, prefix, { after })) objects.push(object);
      return objects;
    };

    /** Many at a time, but not all. */
    const writeAll = async (names: readonly string[]): Promise<void> => {
      for (let from = 0; from < names.length; from += 50) {
        await Promise.all(names.slice(from, from + 50).map((each) => lake.write(bucket, each, 'x')));
      }
    };

    test('of twenty writers who create the same object exactly one wins, and its content stays', async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, n) => lake.write(bucket, 'race/create', `writer ${n}`, { ifAbsent: true })),
      );
      const winners = outcomes.flatMap((outcome, n) => (outcome.status === 'fulfilled' ? [n] : []));
      expect(winners).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'PRECONDITION_FAILED' });
      }
      expect(String((await lake.read(bucket, 'race/create'))!.body)).toBe(`writer ${winners[0]}`);
    });

    test('of twenty writers who replace the same content exactly one wins, and its content stays', async () => {
      const { token } = await lake.write(bucket, 'race/replace', 'first');
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, n) => lake.write(bucket, 'race/replace', `writer ${n}`, { ifMatch: token })),
      );
      const winners = outcomes.flatMap((outcome, n) => (outcome.status === 'fulfilled' ? [n] : []));
      expect(winners).toHaveLength(1);
      expect(String((await lake.read(bucket, 'race/replace'))!.body)).toBe(`writer ${winners[0]}`);
    });

    test('a token names one content: it neither fits a newer one nor an object that was removed', async () => {
      const { token } = await lake.write(bucket, 'token', 'one');
      const refused = { code: 'PRECONDITION_FAILED' };
      const second = await lake.write(bucket, 'token', 'two', { ifMatch: token });
      await expect(lake.write(bucket, 'token', 'three', { ifMatch: token })).rejects.toMatchObject(refused);
      expect(String((await lake.read(bucket, 'token'))!.body)).toBe('two');
      await lake.remove(bucket, 'token');
      await lake.remove(bucket, 'token');
      await expect(lake.write(bucket, 'token', 'four', { ifMatch: second.token })).rejects.toMatchObject(refused);
      expect(await lake.read(bucket, 'token')).toBeUndefined();
      await lake.write(bucket, 'token', 'five', { ifAbsent: true });
      await expect(lake.write(bucket, 'token', 'six', { ifAbsent: true })).rejects.toMatchObject(refused);
    });

    test.each(NAMES)('write, read, list, copy and remove mean the same object: %s', async (each) => {
      const written = await lake.write(bucket, each, '{"ä":1}', { contentType: 'application/json' });
      expect(written).toMatchObject({ bucket, name: each, size: 8 });
      expect(written.generation).toMatch(/^\d+$/);
      const read = await lake.read(bucket, each);
      expect(read!.object).toEqual(written);
      expect(String(read!.body)).toBe('{"ä":1}');
      expect(await listed(each)).toEqual([written]);
      expect(lake.uri(bucket, each)).toBe(`gs://${bucket}/${each}`);
      const copy = await lake.copy(bucket, each, `copied/${each}`);
      expect(await listed(`copied/${each}`)).toEqual([copy]);
      expect(String(await lake.bytes(bucket, `copied/${each}`))).toBe('{"ä":1}');
      await lake.removeAll(bucket, [each, `copied/${each}`]);
      expect([...(await listed(each)), ...(await listed(`copied/${each}`))]).toEqual([]);
    });

    test('an empty object is an object', async () => {
      const written = await lake.write(bucket, 'empty', '');
      expect(written.size).toBe(0);
      expect(await lake.read(bucket, 'empty')).toEqual({ body: Buffer.alloc(0), object: written });
      expect(await listed('empty')).toEqual([written]);
    });

    test('an object of 32 MB is written by one conditional request and read whole', async () => {
      const body = Buffer.alloc(32 * 1024 * 1024, 'tributary ');
      const written = await lake.write(bucket, 'large', body, { ifAbsent: true });
      expect(written.size).toBe(body.length);
      expect((await lake.read(bucket, 'large'))!.body.equals(body)).toBe(true);
    }, 60_000);

    test('a replaced object has another generation, and a listing tells the new one', async () => {
      const first = await lake.write(bucket, 'replaced', 'one');
      const second = await lake.write(bucket, 'replaced', 'two!');
      expect(BigInt(second.generation)).toBeGreaterThanOrEqual(BigInt(first.generation));
      expect(second.token).not.toBe(first.token);
      expect(await listed('replaced')).toEqual([second]);
    });

    test('a part of an object is what lies in the range, whatever of it lies beyond the end', async () => {
      await lake.write(bucket, 'part', '0123456789');
      const part = async (from: number, to: number) => String(await lake.bytes(bucket, 'part', { from, to }));
      expect([await part(0, 4), await part(7, 10), await part(7, 99)]).toEqual(['0123', '789', '789']);
      expect([await part(10, 12), await part(3, 3)]).toEqual(['', '']);
      expect(String(await lake.bytes(bucket, 'part'))).toBe('0123456789');
      expect(await lake.bytes(bucket, 'part-none', { from: 0, to: 1 })).toBeUndefined();
    });

    test('listing gives every object once, in name order, over several pages, and nothing of other prefixes', async () => {
      const names = Array.from({ length: 1_100 }, (_, n) => `pages/${String(n).padStart(5, '0')}`);
      await writeAll([...names, 'pages-not/1', 'page']);
      expect((await listed('pages/')).map((object) => object.name)).toEqual(names);
      expect(await listed('pages-none/')).toEqual([]);
      const last = names.at(-3)!;
      expect((await listed('pages/', last)).map((object) => object.name)).toEqual(names.slice(-2));
      expect((await listed('pages/', `${last} `)).map((object) => object.name)).toEqual(names.slice(-2));
    }, 120_000);

    test('a copy is an object of its own; what is not there is not copied, read or listed', async () => {
      await lake.write(bucket, 'copy/a', 'content');
      const copied = await lake.copy(bucket, 'copy/a', 'copy/b');
      await lake.remove(bucket, 'copy/a');
      expect((await lake.read(bucket, 'copy/b'))!.object).toEqual(copied);
      expect(await lake.copy(bucket, 'copy/none', 'copy/c')).toBeUndefined();
      expect(await lake.read(bucket, 'copy/c')).toBeUndefined();
      expect(await listed('copy/c')).toEqual([]);
    });

    test('many objects are removed together, those that are not there too, and no others', async () => {
      const names = Array.from({ length: 1_050 }, (_, n) => `many/dt=2026-11-21/ä b&<d> ${n}.json`);
      await writeAll(names);
      await lake.removeAll(bucket, [...names.slice(1), 'many/none', 'many/none']);
      expect((await listed('many/')).map((object) => object.name)).toEqual(names.slice(0, 1));
      await lake.removeAll(bucket, []);
    }, 120_000);

    test('a missing bucket is an error of the user', async () => {
      const missing = { code: 'LAKE_BUCKET_MISSING', class: 'user' };
      await expect(lake.write('no-such-bucket', 'a', 'x')).rejects.toMatchObject(missing);
      if (!under.knowsMissingBuckets) return;
      await expect(lake.read('no-such-bucket', 'a')).rejects.toMatchObject(missing);
      await expect(lake.removeAll('no-such-bucket', ['a'])).rejects.toMatchObject(missing);
    });

    test('while the store is away calls fail as transient', async () => {
      const { away } = under;
      const unavailable = { code: 'LAKE_UNAVAILABLE', class: 'transient' };
      await expect(away.write(bucket, 'kept', 'x', { ifAbsent: true })).rejects.toMatchObject(unavailable);
      await expect(away.read(bucket, 'kept')).rejects.toMatchObject(unavailable);
      await expect(away.remove(bucket, 'kept')).rejects.toMatchObject(unavailable);
    }, 120_000);

    test('five processes of a group commit do everything once and leave nothing', async () => {
      const done: string[] = [];
      const processes = Array.from(
        { length: 5 },
        () => new GroupCommit<object>({ lake, bucket, name: 'contract', payload: z.object({}), maxArrivals: 7 }),
      );
      const work = {
        run: async ({ arrivals }: { arrivals: readonly { id: string }[] }) =>
          void done.push(...arrivals.map(({ id }) => id)),
        failed: async () => expect('no work fails here').toBe(''),
      };
      await Promise.all(
        processes.map(async (commit, process) => {
          for (let n = 0; n < 8; n += 1) {
            // Half of the events come to two processes.
            await commit.record(`event-${n % 2 === 0 ? `${n}` : `${process}-${n}`}`, {});
            await commit.drain(work);
          }
        }),
      );
      await processes[0]!.drain(work);
      expect(new Set(done).size).toBe(4 + 5 * 4);
      expect(done).toHaveLength(new Set(done).size);
      expect((await inspectCommits(lake, bucket)).find((state) => state.name === 'contract')).toEqual({
        ...{ name: 'contract', waiting: 0, openManifest: undefined, leaseHeld: false },
      });
    }, 120_000);
  });
}
