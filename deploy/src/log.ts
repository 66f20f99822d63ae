/** What a deploy tells: to people as text, with --json as one object a line. */
export interface DeployLog {
  /** The next thing that is done. */
  step(name: string, detail: string): void;
  info(text: string, fields?: Readonly<Record<string, unknown>>): void;
  /** A program that is started, as it would be typed. */
  command(line: string): void;
  error(code: string, message: string): void;
}

export function createLog(options: { json: boolean; write: (text: string) => void; now: () => Date }): DeployLog {
  const { json, write, now } = options;
  if (json) {
    const line = (kind: string, fields: Record<string, unknown>): void =>
      write(`${JSON.stringify({ time: now().toISOString(), kind, ...fields })}\n`);
    return {
      step: (name, detail) => line('step', { name, detail }),
      info: (message, fields) => line('info', { message, ...fields }),
      command: (command) => line('command', { command }),
      error: (code, message) => line('error', { code, message }),
    };
  }
  return {
    step: (name, detail) => write(`\n── ${name}: ${detail}\n`),
    info: (text) => write(`${text}\n`),
    command: (line) => write(`   $ ${line}\n`),
    error: (code, message) => write(`\nError [${code}]: ${message}\n`),
  };
}
