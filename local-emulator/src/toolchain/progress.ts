/** Seconds between progress lines where output is not a terminal: enough to see it lives, few enough to read a log. */
const PLAIN_INTERVAL_MS = 20_000;

/**
 * Wraps a progress sink so that a terminal sees every line and a log only one now and then.
 */
export function progressTo(show: (line: string) => void): (line: string) => void {
  if (process.stdout.isTTY) return show;
  let last = Date.now();
  return (line) => {
    if (Date.now() - last < PLAIN_INTERVAL_MS || line.trim() === '') return;
    last = Date.now();
    show(line);
  };
}
