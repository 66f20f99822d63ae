import { Presets, SingleBar } from 'cli-progress';
import type { SeedProgress } from './seed.ts';

export interface ProgressReport {
  show(progress: SeedProgress): void;
  /** A line for a person that does not disturb the bar. */
  say(message: string): void;
  end(): void;
}

/** A line every so often is enough for a log. */
const PLAIN_INTERVAL_MS = 5_000;

/** A bar on a terminal, plain lines elsewhere; both on standard error, for standard output is the summary's. */
export function reportProgress(stream: NodeJS.WriteStream = process.stderr): ProgressReport {
  return stream.isTTY ? bar(stream) : plainLines(stream);
}

function bar(stream: NodeJS.WriteStream): ProgressReport {
  const single = new SingleBar(
    { format: '{bar} {percentage}% {value}/{total} operations, {duration_formatted}', stream, hideCursor: true },
    Presets.shades_classic,
  );
  let started = false;
  return {
    show({ operations, expected }) {
      if (!started) single.start(expected, operations);
      started = true;
      single.setTotal(expected);
      single.update(operations);
    },
    say: (message) => void stream.write(`\n${message}\n`),
    end: () => single.stop(),
  };
}

function plainLines(stream: NodeJS.WriteStream): ProgressReport {
  let last = Number.NEGATIVE_INFINITY;
  return {
    show({ operations, expected }) {
      const now = performance.now();
      if (now - last < PLAIN_INTERVAL_MS && operations < expected) return;
      last = now;
      stream.write(`${operations} of ${expected} operations\n`);
    },
    say: (message) => void stream.write(`${message}\n`),
    end: () => undefined,
  };
}
