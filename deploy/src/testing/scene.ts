import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '@tributary/platform/errors';
import type { Artifacts } from '../artifacts/artifacts.ts';
import { type DeployPorts, deploy } from '../deploy.ts';
import { names, readDeployables } from '../deployables.ts';
import type { Google } from '../google.ts';
import { createLog } from '../log.ts';
import type { DeployOptions } from '../options.ts';
import { type Places, placesOf } from '../places.ts';
import { type Exec, Tools } from '../tools.ts';
import { type Cloud, emptyProject, PROJECT, REGION } from './cloud.ts';
import { kindsOf, StandIn } from './stand-in.ts';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const DEPLOYABLES = readDeployables(ROOT);
const KINDS = kindsOf(ROOT);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Deploys to one project, one after another, as people and CI do it from one clone. */
export class Scene {
  readonly folder: string;
  readonly cloud: Cloud;
  readonly places: Places;
  /** All that was printed. */
  printed = '';
  /** Of the deploy that ran last. */
  standIn: StandIn;
  permissions: 'all' | readonly string[] = 'all';
  unpinned: readonly string[] = [];
  credentials = true;
  /** What services answer, by host and path. */
  answer: (url: URL, headers: Headers) => number = (url, headers) =>
    headers.get('authorization')?.startsWith('Bearer id-token-for-')
      ? 200
      : url.pathname === '/' || url.pathname === '/health'
        ? 200
        : 401;
  typed: string | undefined = 'yes';
  /** Runs programs in the place of the stand-in in memory. */
  exec: Exec | undefined;

  constructor(cloud: Cloud = emptyProject(), folder: string = mkdtempSync(join(tmpdir(), 'tributary-deploy-'))) {
    this.folder = folder;
    this.cloud = cloud;
    this.places = { ...placesOf(this.options(), ROOT), work: join(this.folder, 'work') };
    this.standIn = new StandIn(cloud, KINDS);
  }

  options(changes: Partial<DeployOptions> = {}): DeployOptions {
    return {
      project: PROJECT,
      environment: 'dev',
      region: REGION,
      plan: false,
      yes: true,
      builder: 'cloud-build',
      smoke: 'basic',
      allowDataLoss: false,
      json: false,
      ...changes,
    };
  }

  /** What the working tree would be built as: everything differs from version to version. */
  artifacts(version: string): Artifacts {
    const archive = join(this.folder, 'package.zip');
    writeFileSync(archive, `package ${version}`);
    return {
      builder: `gcr.io/cloud-builders/docker:latest@sha256:${sha256('docker')}`,
      images: names(DEPLOYABLES, ['service', 'job', 'flex-template']).map((deployable) => ({
        deployable,
        contentHash: sha256(`${deployable} ${version}`),
        dockerfile: `${DEPLOYABLES[deployable]!.source}/Dockerfile`,
        context: ROOT,
        target: undefined,
        buildArguments: { NODE: `node:24@sha256:${sha256('node')}` },
      })),
      functions: names(DEPLOYABLES, ['function']).map((deployable) => ({
        deployable,
        contentHash: sha256(`${deployable} ${version}`),
        write: () => archive,
      })),
      template: { deployable: 'pipeline', metadataFile: 'metadata.json' },
    };
  }

  ports(version: string, options: DeployOptions): DeployPorts {
    const log = createLog({ json: options.json, write: (text) => this.print(text), now: () => new Date(0) });
    return {
      log,
      tools: new Tools(this.exec ?? this.standIn.exec, log, { readOnly: options.plan }),
      google: this.google,
      places: this.places,
      root: ROOT,
      deployables: DEPLOYABLES,
      lock: { unfilled: this.unpinned },
      artifacts: () => this.artifacts(version),
      ask: async () => this.typed,
      fetch: async (url, init) =>
        new Response('{}', { status: this.answer(new URL(String(url)), new Headers(init?.headers)) }),
      now: () => new Date('2026-11-21T12:00:00Z'),
      pause: async () => {},
    };
  }

  print: (text: string) => void = (text) => {
    this.printed += text;
  };

  readonly google: Google = {
    checkCredentials: async () => {
      if (!this.credentials) throw new UserError('NOT_SIGNED_IN', 'There are no application default credentials.');
    },
    testPermissions: async (_project, permissions) =>
      permissions.filter((permission) => this.permissions === 'all' || this.permissions.includes(permission)),
    idToken: async (account, audience) => {
      if (account !== `tributary-smoke@${PROJECT}.iam.gserviceaccount.com`) throw new Error(`a token of ${account}`);
      return `id-token-for-${audience}`;
    },
  };

  /** Runs a deploy of a version of the tree to its end, with a fresh record. @returns its exit status */
  async deploy(
    version: string,
    options: Partial<DeployOptions> = {},
    prepare: (standIn: StandIn) => void = () => {},
  ): Promise<number> {
    this.standIn = new StandIn(this.cloud, KINDS);
    prepare(this.standIn);
    const all = this.options(options);
    return await deploy(all, this.ports(version, all));
  }

  /** Every file that deploys left on this machine or in a bucket, by name. */
  files(): Map<string, string> {
    const local = readdirSync(this.folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(this.folder, name))
      .filter((file) => statSync(file).isFile())
      .map((file) => [file, readFileSync(file, 'utf8')] as const);
    return new Map(local);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
