import { buildOptions, imageBuild } from '@tributary/images';
import { execa } from 'execa';
import { ROOT } from '../instance/machine.ts';

/** Prints what `docker buildx build` is told of an image, for the commit that is checked out. */
export async function imageOptions(image: string): Promise<void> {
  const { stdout } = await execa('git', ['log', '-1', '--format=%H %ct'], { cwd: ROOT });
  const [revision = '', time = ''] = stdout.split(' ');
  process.stdout.write(`${buildOptions(imageBuild(ROOT, image, { revision, time: Number(time) })).join(' ')}\n`);
}
