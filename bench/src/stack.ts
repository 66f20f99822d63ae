import { startComponents, type TestStack } from '@tributary/local-emulator/testing';
import { UserError } from '@tributary/platform/errors';

type StackOptions = NonNullable<Parameters<typeof startComponents>[1]>;
type Components = NonNullable<StackOptions['instead']>;

const starting = new Set<Promise<TestStack>>();
const running = new Set<TestStack>();
let ending = false;

/**
 * Starts components as tests do, and remembers them before they are up: however and whenever the benchmark ends, `stopStacks` finds them.
 *
 * @throws {UserError} BENCH_STOPPED once `stopStacks` was called
 */
export async function startStack(
  names: readonly string[],
  instead: Components = [],
  options: Pick<StackOptions, 'needs'> = {},
): Promise<TestStack> {
  if (ending) throw new UserError('BENCH_STOPPED', 'The benchmark was stopped; run it again.');
  const coming = startComponents(names, { ...options, instead });
  starting.add(coming);
  try {
    const stack = await coming;
    let stopped: Promise<void> | undefined;
    const known: TestStack = {
      ...stack,
      // Whoever asks second waits for the same end.
      stop: () => (stopped ??= stack.stop().finally(() => running.delete(known))),
    };
    running.add(known);
    return known;
  } finally {
    starting.delete(coming);
  }
}

/** Ends whatever runs, also what is still starting, and deletes its state. Nothing can be started afterwards. */
export async function stopStacks(): Promise<void> {
  ending = true;
  await Promise.allSettled(starting);
  await Promise.all([...running].map((stack) => stack.stop()));
}
