import { join } from 'node:path';
import type { Machine, ProcessSpec } from '../supervisor/component.ts';

/** A function of `functions/` under Google's own framework, in a process of its own as in the cloud, on the port of that name. */
export function frameworkProcess(
  machine: Machine,
  name: string,
  portName: string,
  env: Record<string, string> = {},
): ProcessSpec {
  const framework = join(
    machine.root,
    'node_modules',
    '@google-cloud',
    'functions-framework',
    'build',
    'src',
    'main.js',
  );
  const port = String(machine.port(portName));
  return {
    command: machine.tools.node,
    args: [
      '--max-old-space-size=192',
      framework,
      `--source=${join(machine.root, 'functions', name)}`,
      `--target=${name}`,
      '--signature-type=cloudevent',
      `--port=${port}`,
    ],
    env: { NODE_ENV: 'production', NODE_NO_WARNINGS: '1', HOST: '127.0.0.1', PORT: port, ...env },
  };
}
