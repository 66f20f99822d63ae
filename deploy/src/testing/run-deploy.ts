/** A deploy as a process of its own, that finds its programs on PATH: run-deploy.ts <folder> <version> [--plan]. Its exit status is the deploy's. */
import { createExec } from '../exec.ts';
import { emptyProject } from './cloud.ts';
import { Scene } from './scene.ts';

const [, , folder, version = '', plan] = process.argv;
const write = (text: string): void => void process.stdout.write(text);
const scene = new Scene(emptyProject(), folder);
scene.exec = createExec(write);
scene.print = write;
process.exitCode = await scene.deploy(version, { plan: plan === '--plan' });
