import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Component } from '../supervisor/component.ts';
import { answers } from './http-probe.ts';
import { nodeService } from './node-service.ts';

/** Feast's own feature server. */
export const feastServer: Component = {
  name: 'feast-server',
  needs: ['redis'],
  ports: ['feast-server'],
  stop: { signal: 'SIGTERM', graceSeconds: 10 },
  readyWithinSeconds: 180,
  async prepare(machine) {
    mkdirSync(join(machine.state, 'feast'), { recursive: true });
  },
  start: (machine) => ({
    command: join(machine.tools.pythonBin, 'python'),
    args: [join(machine.root, 'run-services', 'feast-server', 'serve.py')],
    env: { HOST: '127.0.0.1', PORT: String(machine.port('feast-server')) },
  }),
  ready: (machine) => answers(`http://127.0.0.1:${machine.port('feast-server')}/health`),
  describe: (machine) => ({
    summary: 'features over HTTP (Feast)',
    url: `http://127.0.0.1:${machine.port('feast-server')}`,
  }),
};

/** Pushes windowed features from the bus into Feast. */
export const featurePush: Component = nodeService({
  name: 'feature-push',
  needs: ['kafka', 'minio', 'feast-server'],
  program: 'run-services/feast-server/src/main.ts',
  summary: 'pushes windowed features online',
});
