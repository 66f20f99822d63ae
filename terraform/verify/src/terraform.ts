import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '@tributary/local-emulator/instance/machine';
import { execa } from 'execa';
import { schemasInUse } from './schema/in-use.ts';
import { ensureMirror, ensureTerraform, type Mirror } from './tools.ts';
import { withoutRemoteState } from './workspace.ts';

const REGISTRY = 'https://registry.terraform.io/.well-known/terraform.json';
/** Long enough for a slow line, short enough not to be noticed without one. */
const REGISTRY_TIMEOUT_MS = 4_000;

/** What the stand-in leaves unseen; printed with every result that it took part in. */
export const UNSEEN_BY_THE_STAND_IN =
  "Not seen by it: validators of the provider that terraform/verify/src/schema/rules.ts does not repeat, what the provider computes from the whole plan, and anything that only Google's APIs refuse (permissions, quotas, names taken, regions without the service).";

/** Which provider binaries Terraform runs. */
export type ProviderSource = { readonly kind: 'registry' } | { readonly kind: 'stand-in'; readonly mirror: Mirror };

/** Terraform's answer; `output` is both of its streams in order. */
export interface TerraformResult {
  readonly ok: boolean;
  readonly output: string;
  readonly stdout: string;
}

/** Takes the real providers where their registry answers, and the stand-in where it does not. */
export async function chooseProviders(
  say: (line: string) => void,
  wanted: 'auto' | ProviderSource['kind'] = 'auto',
): Promise<ProviderSource> {
  const kind = wanted === 'auto' ? ((await registryAnswers()) ? 'registry' : 'stand-in') : wanted;
  return kind === 'registry' ? { kind } : { kind, mirror: await ensureMirror(say) };
}

async function registryAnswers(): Promise<boolean> {
  try {
    return (await fetch(REGISTRY, { signal: AbortSignal.timeout(REGISTRY_TIMEOUT_MS) })).ok;
  } catch {
    return false;
  }
}

/** Runs Terraform against one source of providers, without the state, the credentials or the CLI configuration of who runs it. */
export class Terraform implements Disposable {
  readonly #program: string;
  readonly #environment: Record<string, string>;
  readonly #home = mkdtempSync(join(tmpdir(), 'tributary-terraform-home-'));

  private constructor(program: string, providers: ProviderSource) {
    this.#program = program;
    this.#environment = {
      TF_IN_AUTOMATION: '1',
      TF_INPUT: '0',
      CHECKPOINT_DISABLE: '1',
      TF_CLI_CONFIG_FILE: this.#writeConfiguration(providers),
      // A plan of what does not exist yet asks the cloud nothing, but the real provider wants a credential before it starts.
      GOOGLE_OAUTH_ACCESS_TOKEN: 'offline',
      ...(providers.kind === 'stand-in'
        ? { TRIBUTARY_PROVIDER_SCHEMAS: schemasInUse(providers.mirror.schemas, ROOT) }
        : {}),
    };
  }

  static async create(providers: ProviderSource, say: (line: string) => void): Promise<Terraform> {
    return new Terraform(await ensureTerraform(say), providers);
  }

  /** Makes a folder of a {@link Workspace} ready: child modules and providers, under the version constraints that it declares. */
  async init(folder: string): Promise<TerraformResult> {
    withoutRemoteState(folder);
    return await this.run(folder, ['init', '-input=false']);
  }

  async run(folder: string, args: readonly string[]): Promise<TerraformResult> {
    const result = await execa(this.#program, [`-chdir=${folder}`, ...args, '-no-color'], {
      env: this.#environment,
      all: true,
      reject: false,
      stdin: 'ignore',
      maxBuffer: 512 * 1024 * 1024,
      timeout: 10 * 60_000,
    });
    return {
      ok: !result.failed,
      output: String(result.all ?? result.shortMessage),
      stdout: String(result.stdout ?? ''),
    };
  }

  [Symbol.dispose](): void {
    rmSync(this.#home, { recursive: true, force: true });
  }

  #writeConfiguration(providers: ProviderSource): string {
    mkdirSync(this.#home, { recursive: true });
    const file = join(this.#home, 'terraform.tfrc');
    const installation =
      providers.kind === 'stand-in'
        ? `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(providers.mirror.folder)}\n  }\n}\n`
        : `plugin_cache_dir = ${JSON.stringify(this.#home)}\n`;
    writeFileSync(file, `disable_checkpoint = true\n${installation}`);
    return file;
  }
}
