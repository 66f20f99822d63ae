import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deployableOf, sourcePackage } from './source/source-package.ts';
import { writeFiles } from './source/write.ts';

/**
 * The first stage of every Dockerfile: writes what a deployable consists of to `<folder>/manifests`, on which alone the layer of dependencies depends,
 * and `<folder>/sources`. Runs before anything is installed, so it and what it imports need nothing but Node.
 *
 *     node deploy/images/src/layers.ts <deployable> <folder>
 */
const [name = '', folder = ''] = process.argv.slice(2);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const { manifests, sources } = sourcePackage(root, deployableOf(name));
writeFiles(join(folder, 'manifests'), manifests);
writeFiles(join(folder, 'sources'), sources);
