import { join } from 'node:path';
import type { Component, Machine, ProcessSpec } from '../supervisor/component.ts';
import { answers } from './http-probe.ts';

/** Old-space limit of one small service: Node would otherwise let garbage grow to gigabytes on a 24 GB machine. */
const HEAP_LIMIT_MB = 192;

interface NodeService {
  readonly name: string;
  readonly needs: readonly string[];
  /** Path of the program, from the repository's root. */
  readonly program: string;
  readonly args?: (machine: Machine) => readonly string[];
  readonly env?: (machine: Machine) => Record<string, string>;
  readonly health?: string;
  readonly summary: string;
  readonly heapMb?: number;
  readonly nodeOptions?: readonly string[];
  readonly graceSeconds?: number;
}

/** A TypeScript service of ours: listens on $PORT of the loopback and answers a health path. */
export function nodeService(service: NodeService): Component {
  return {
    name: service.name,
    needs: service.needs,
    ports: [service.name],
    stop: { signal: 'SIGTERM', graceSeconds: service.graceSeconds ?? 8 },
    readyWithinSeconds: 90,
    async prepare() {},
    start: (machine): ProcessSpec => ({
      command: machine.tools.node,
      args: [
        `--max-old-space-size=${service.heapMb ?? HEAP_LIMIT_MB}`,
        ...(service.nodeOptions ?? []),
        join(machine.root, service.program),
        ...(service.args?.(machine) ?? []),
      ],
      env: {
        NODE_NO_WARNINGS: '1',
        HOST: '127.0.0.1',
        PORT: String(machine.port(service.name)),
        ...service.env?.(machine),
      },
    }),
    ready: (machine) => answers(`http://127.0.0.1:${machine.port(service.name)}${service.health ?? '/healthz'}`),
    describe: (machine) => ({ summary: service.summary, url: `http://127.0.0.1:${machine.port(service.name)}` }),
  };
}
