/** Images and source packages: what each deployable consists of, and what they are built on. */

export { type BaseImageLock, baseImage, LOCK_FILE, readLock } from './base-images.ts';
export { CONTENTS, type Contents, type Deployable } from './contents.ts';
export { buildOptions, IMAGES, type ImageBuild, type ImageName, imageBuild } from './images.ts';
export { fromSource, PACKAGES, type Packaged, writePackage } from './package.ts';
export { checkPinned, type PinPorts, type PinReport, pin } from './pin/pin.ts';
export { deployableOf, sourcePackage } from './source/source-package.ts';
