import { runningInstance } from '../front-door/instance.ts';
import { startGateway } from '../gateway/serverless-offline.ts';
import { keepOpen, portOf } from './front-door.ts';

/** Opens one port for every HTTP endpoint of the running instance, until Ctrl-C or until the instance stops. front-door/README.md */
export async function gateway(options: { port?: string }): Promise<void> {
  const { ports: _, ...behind } = runningInstance();
  const door = await startGateway(behind, portOf(options.port));
  await keepOpen(door, `every HTTP endpoint of "${behind.instance}", for development only`);
}
