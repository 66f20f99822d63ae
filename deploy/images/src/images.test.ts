import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { readLock } from './base-images.ts';
import { CONTENTS, type Contents } from './contents.ts';
import { baseArguments, buildOptions, IMAGES, type ImageName, imageBuild } from './images.ts';
import { type Stage, stagesOf } from './testing/dockerfile.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const NAMES = Object.keys(IMAGES) as ImageName[];
const OURS = NAMES.filter((name) => Object.hasOwn(CONTENTS, name)) as (ImageName & keyof typeof CONTENTS)[];

test('every deployable but functions has an image', () => {
  const deployables = Object.entries(CONTENTS).filter(([, { kind }]) => kind !== 'function');
  expect(OURS).toEqual(
    deployables.map(([name]) => name).sort((a, b) => NAMES.indexOf(a as ImageName) - NAMES.indexOf(b as ImageName)),
  );
});

test.each(NAMES)('the Dockerfile of %s takes its bases from the lock file and does not run as root', (name) => {
  const text = dockerfile(name);
  const { images } = readLock(ROOT);
  const declared = baseArguments(text);
  expect(declared.filter((argument) => !images[argument])).toEqual([]);
  const stages = stagesOf(text);
  const known = new Set(stages.map((stage) => stage.name));
  expect(stages.map(({ base }) => base).filter((base) => !known.has(base) && !declared.includes(base))).toEqual([]);
  const { instructions } = finalStage(name);
  // Google's launcher brings its own user and entry point.
  if (name !== 'pipeline')
    expect(value(instructions, 'USER')).toBe(name === 'pipeline-flink' ? '9999:9999' : '65532:65532');
  expect(value(instructions, 'HEALTHCHECK')).toBeDefined();
  expect(value(instructions, 'LABEL')).toContain(`org.opencontainers.image.title="tributary/${name}"`);
});

test.each(OURS)('the Dockerfile of %s packages, starts and checks what contents.ts declares', (name) => {
  const { entries, nodeOptions = [], kind, health, built = [] }: Contents = CONTENTS[name];
  const { instructions } = finalStage(name);
  const first = stagesOf(dockerfile(name))[0]!;
  expect(value(first.instructions, 'RUN')).toBe(`node deploy/images/src/layers.ts ${name} /package`);
  expect(JSON.parse(value(instructions, 'ENTRYPOINT')!)).toEqual(['node', ...nodeOptions, entries[0]]);
  const check = value(instructions, 'HEALTHCHECK')!;
  if (kind === 'service') expect(check).toContain(`["node", "deploy/images/runtime/healthcheck.mjs", "${health}"]`);
  else expect(check).toBe('NONE');
  for (const file of built)
    expect(instructions.some(({ name, value }) => name === 'COPY' && value.includes(file.split('/').at(-1)!))).toBe(
      true,
    );
});

test('images hold the versions of Node, uv, Maven and Flink that the tests ran with', () => {
  const { images } = readLock(ROOT);
  const { devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect(images.NODE?.tag).toContain(`:${devDependencies.node}-`);
  const toolchain = (file: string, constant: string): string =>
    new RegExp(`${constant} = '([^']+)'`).exec(
      readFileSync(join(ROOT, 'local-emulator/src/toolchain', file), 'utf8'),
    )![1]!;
  expect(images.UV?.tag).toMatch(new RegExp(`:${toolchain('python.ts', 'UV_VERSION')}$`));
  expect(images.MAVEN?.tag).toContain(`:${toolchain('maven.ts', 'MAVEN_VERSION')}-`);
  // The jars of the local cluster, which come from a Python package.
  const flink = /apache-flink-libraries==([\d.]+)/.exec(readFileSync(join(ROOT, 'pyproject.toml'), 'utf8'))![1]!;
  expect(images.FLINK?.tag).toContain(`:${flink}-`);
});

test('an image that there is not is refused, and options of a build hold no space', () => {
  expect(() => imageBuild(ROOT, 'nothing', { revision: 'r', time: 0 })).toThrow(
    expect.objectContaining({ code: 'NO_SUCH_IMAGE' }),
  );
  expect(
    buildOptions({
      dockerfile: 'a/Dockerfile',
      target: 'server',
      buildArgs: { NODE: 'h/node:1@sha256:0', REVISION: 'r' },
    }),
  ).toEqual(['--file=a/Dockerfile', '--target=server', '--build-arg=NODE=h/node:1@sha256:0', '--build-arg=REVISION=r']);
});

function dockerfile(name: ImageName): string {
  return readFileSync(join(ROOT, IMAGES[name].dockerfile), 'utf8');
}

/** The stage that becomes the image. */
function finalStage(name: ImageName): Stage {
  const stages = stagesOf(dockerfile(name));
  const { target }: { readonly dockerfile: string; readonly target?: string } = IMAGES[name];
  return target === undefined ? stages.at(-1)! : stages.find((stage) => stage.name === target)!;
}

function value(instructions: Stage['instructions'], name: string): string | undefined {
  return instructions.find((instruction) => instruction.name === name)?.value;
}
