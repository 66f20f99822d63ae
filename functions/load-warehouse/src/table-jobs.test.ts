import { describe, expect, test } from '@jest/globals';
import { ManualClock, MemoryLake } from '@tributary/platform/group-commit/testing';
import { itemsAt, placesOf, TableJobs } from './table-jobs.ts';

function instance(lake: MemoryLake, clock: ManualClock, jobsPerDay = 10): TableJobs {
  return new TableJobs({ lake, bucket: 'lake', stream: 'orders', jobsPerDay, now: () => clock.now() });
}

const job = (jobId: string) => ({ manifest: 'load-orders-000000001', jobId, objects: [[0, 3]] as const });

describe("a table's jobs", () => {
  test('are counted over all instances, however many take one at the same time', async () => {
    const [lake, clock] = [new MemoryLake(), new ManualClock()];
    await instance(lake, clock).claim('claim');
    const instances = [1, 2, 3, 4].map(() => instance(lake, clock));
    const taken = await Promise.allSettled(
      Array.from({ length: 16 }, (_, n) => instances[n % 4]!.take('claim', job(`job-${n}`))),
    );
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    for (const outcome of taken) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'LOAD_BUDGET_SPENT' });
    }
    expect(await instance(lake, clock).standing()).toMatchObject({ spent: 10, left: 0 });
  });

  test('that a crash makes somebody ask for again are counted once', async () => {
    const [lake, clock] = [new MemoryLake(), new ManualClock()];
    for (const claim of ['first', 'second']) {
      const jobs = instance(lake, clock);
      await jobs.claim(claim);
      await jobs.take(claim, job('the same'));
    }
    expect(await instance(lake, clock).standing()).toMatchObject({ spent: 1 });
  });

  test('are begun by the claim that came last only, which learns what was begun before', async () => {
    const [lake, clock] = [new MemoryLake(), new ManualClock()];
    const [sleeper, next] = [instance(lake, clock), instance(lake, clock)];
    expect(await sleeper.claim('first')).toBeNull();
    await sleeper.take('first', job('begun'));
    expect(await next.claim('second')).toEqual({ ...job('begun'), objects: [[0, 3]] });
    await expect(sleeper.take('first', job('too late'))).rejects.toMatchObject({ code: 'LOAD_TAKEN_OVER' });
    await next.take('second', job('next'));
  });

  test('that nobody can read any more are a bug that names the object', async () => {
    const lake = new MemoryLake();
    await lake.write('lake', 'control/loads/orders.jobs.json', '{"hours":');
    await expect(instance(lake, new ManualClock()).standing()).rejects.toMatchObject({
      code: 'CONTROL_UNREADABLE',
      message: expect.stringContaining('control/loads/orders.jobs.json'),
    });
  });

  test('name their objects by places in a list', () => {
    const list = ['a', 'b', 'c', 'd', 'e'];
    expect(placesOf(list, ['e', 'a', 'b'])).toEqual([
      [0, 1],
      [4, 4],
    ]);
    expect(itemsAt(list, placesOf(list, ['e', 'a', 'b']))).toEqual(['a', 'b', 'e']);
    expect(itemsAt(list, placesOf(list, []))).toEqual([]);
  });
});
