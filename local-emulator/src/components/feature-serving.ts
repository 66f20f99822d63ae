import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Component, Machine } from '../supervisor/component.ts';
import { run } from '../toolchain/run.ts';
import { nodeService } from './node-service.ts';

const server = nodeService({
  name: 'feast-server',
  // The lake has the list of who was erased.
  needs: ['redis', 'kafka', 'minio'],
  program: 'run-services/feast-server/src/main.ts',
  // Windowed features come from the bus into the same process that serves them.
  env: () => ({ FEATURES_DELIVERY: 'pull', MATERIALIZE_JOB: 'true' }),
  health: '/health',
  heapMb: 256,
  nodeOptions: ['--max-semi-space-size=8'],
  summary: "features over HTTP (Feast's API), and windowed features on their way online",
  graceSeconds: 10,
});

/** Serves features and takes them off the bus. Definitions are brought into Feast's registry before it starts, as a deployment does. */
export const feastServer: Component = {
  ...server,
  async prepare(machine) {
    await server.prepare(machine);
    mkdirSync(join(machine.state, 'feast'), { recursive: true });
    await applyDefinitions(machine);
  },
};

async function applyDefinitions(machine: Machine): Promise<void> {
  await run(join(machine.tools.pythonBin, 'python'), [join(machine.root, 'feast', 'apply.py')], {
    env: machine.env(),
    timeoutMinutes: 3,
  });
}
