import { startComponents, type TestStack } from '@tributary/local-emulator/testing';

type Components = NonNullable<NonNullable<Parameters<typeof startComponents>[1]>['instead']>;

const running = new Set<TestStack>();

/** Starts components as tests do, and remembers them: however the benchmark ends, `stopStacks` finds them. */
export async function startStack(names: readonly string[], instead: Components = []): Promise<TestStack> {
  const stack = await startComponents(names, { instead });
  const stop = async (): Promise<void> => {
    if (!running.delete(known)) return;
    await stack.stop();
  };
  const known: TestStack = { ...stack, stop };
  running.add(known);
  return known;
}

/** Ends whatever still runs and deletes its state. */
export async function stopStacks(): Promise<void> {
  await Promise.all([...running].map((stack) => stack.stop()));
}
