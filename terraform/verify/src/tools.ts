import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '@tributary/local-emulator/instance/machine';
import { cached, inputsHash } from '@tributary/local-emulator/toolchain/cache';
import { buildGo, installGo } from '@tributary/local-emulator/toolchain/go';
import { ensureUv } from '@tributary/local-emulator/toolchain/python';
import { findPython313 } from '@tributary/local-emulator/toolchain/requirements';
import { run } from '@tributary/local-emulator/toolchain/run';
import { execa } from 'execa';
import { fetchPackage, readPackage } from './schema/archive.ts';
import { extractSchema } from './schema/extract.ts';
import type { ProviderSchema } from './schema/model.ts';
import { PROVIDER_PACKAGES, type ProviderPackage } from './schema/packages.ts';
import { applyRules } from './schema/rules.ts';

/** Our modules say `>= 1.9`; the pinned one is built where the machine has none, or an older one. */
const MINIMUM_TERRAFORM = [1, 9] as const;
/** https://github.com/terraform-linters/tflint/releases */
const TFLINT_VERSION = '0.64.0';
const POLICY_LOCK = ['terraform/policy/pyproject.toml', 'terraform/policy/uv.lock'];
const TFLINT_MODULE = `github.com/terraform-linters/tflint@v${TFLINT_VERSION}`;

/** Files that decide what is read from a package; a change of any other does not fetch the packages again. */
const EXTRACTOR = ['archive.ts', 'extract.ts', 'generated-code.ts', 'jsii.ts', 'model.ts'].map(
  (file) => `terraform/verify/src/schema/${file}`,
);

type Say = (line: string) => void;

/**
 * The `terraform` on PATH where it is new enough, else the one that terraform-cli/go.mod pins, built from the Go module proxy.
 *
 * HashiCorp's own downloads are no Go, npm or Python package; building takes two to eight minutes once, and go.sum says what is built.
 */
export async function ensureTerraform(say: Say): Promise<string> {
  const own = await execa('terraform', ['version', '-json'], {
    reject: false,
    stdin: 'ignore',
    env: { CHECKPOINT_DISABLE: '1' },
  });
  // The version is looked for and not parsed as JSON: a CLI configuration that warns prints before it.
  const [major = 0, minor = 0] =
    /"terraform_version": "(\d+)\.(\d+)/.exec(String(own.stdout))?.slice(1).map(Number) ?? [];
  if (
    !own.failed &&
    (major > MINIMUM_TERRAFORM[0] || (major === MINIMUM_TERRAFORM[0] && minor >= MINIMUM_TERRAFORM[1]))
  )
    return 'terraform';
  say('building terraform with Go (a few minutes, once); a terraform ≥ 1.9 on PATH spares it');
  return await buildGo(
    ROOT,
    {
      folder: 'terraform/verify/terraform-cli',
      program: 'terraform',
      package: 'github.com/hashicorp/terraform',
      linkerFlags: '-X github.com/hashicorp/terraform/version.dev=no',
    },
    say,
  );
}

export async function ensureTflint(say: Say): Promise<string> {
  return await installGo(`tflint-${TFLINT_VERSION}`, TFLINT_MODULE, 'tflint', say);
}

/**
 * A Python environment with checkov as terraform/policy/uv.lock pins it.
 *
 * @returns its interpreter, to be run with `-m checkov.main`: scripts name the folder that they were installed into, and the cache moves entries once they are whole
 */
export async function ensureCheckov(say: Say): Promise<string> {
  const folder = await cached(`checkov-${inputsHash(ROOT, POLICY_LOCK)}`, async (target) => {
    const python = (await findPython313()) ?? '3.13';
    await run(
      await ensureUv(),
      ['sync', '--frozen', '--project', join(ROOT, 'terraform', 'policy'), '--python', python],
      { env: { UV_PROJECT_ENVIRONMENT: join(target, 'venv'), VIRTUAL_ENV: '' }, timeoutMinutes: 15, progress: say },
    );
  });
  return join(folder, 'venv', 'bin', 'python');
}

/** Programs of the offline verification. */
export interface VerificationTools {
  readonly terraform: string;
  readonly tflint: string;
  /** Interpreter of checkov's environment. */
  readonly checkovPython: string;
}

/** Makes everything available that `npm test` needs for `terraform/`; cold it takes minutes, then it is in the cache. */
export async function prepareVerification(say: Say): Promise<VerificationTools> {
  // Two at a time: Go builds use every core, what is fetched uses none.
  const checkov = ensureCheckov(say);
  const terraform = await ensureTerraform(say);
  const tflint = await ensureTflint(say);
  await ensureMirror(say);
  return { terraform, tflint, checkovPython: await checkov };
}

/** A folder that Terraform takes for a mirror of the registry, and the schemas that its providers serve. */
export interface Mirror {
  readonly folder: string;
  readonly schemas: string;
}

/** Builds the stand-in provider and lays it out as each provider of {@link PROVIDER_PACKAGES}, under the version that its schema is from. */
export async function ensureMirror(say: Say): Promise<Mirror> {
  const program = await buildGo(
    ROOT,
    { folder: 'terraform/verify/provider', program: 'terraform-provider-stand-in' },
    say,
  );
  const sources = [
    'terraform/verify/provider',
    ...EXTRACTOR,
    'terraform/verify/src/schema/packages.ts',
    ...['rules.ts', 'names.ts', 'relations.ts', 'forms.ts'].map((file) => `terraform/verify/src/schema/${file}`),
  ];
  const folder = await cached(`terraform-mirror-${inputsHash(ROOT, sources)}`, async (target) => {
    const schemas = join(target, 'schemas');
    mkdirSync(schemas);
    for (const wanted of PROVIDER_PACKAGES) {
      const schema = applyRules(await ensureSchema(wanted, say));
      writeFileSync(join(schemas, `${wanted.provider}.json`), JSON.stringify(schema));
      const version = join(target, 'registry.terraform.io', 'hashicorp', wanted.provider, wanted.providerVersion);
      const own = join(version, platform());
      mkdirSync(own, { recursive: true });
      const file = join(own, `terraform-provider-${wanted.provider}_v${wanted.providerVersion}`);
      copyFileSync(program, file);
      chmodSync(file, 0o755);
      await run(file, ['check'], { env: { TRIBUTARY_PROVIDER_SCHEMAS: schemas }, timeoutMinutes: 1 });
    }
  });
  return { folder, schemas: join(folder, 'schemas') };
}

/** The schema as the package tells it, from the cache where the same extractor has read the same package before. */
async function ensureSchema(wanted: ProviderPackage, say: Say): Promise<ProviderSchema> {
  const key = `terraform-schema-${wanted.provider}-${wanted.packageVersion}-${inputsHash(ROOT, EXTRACTOR)}`;
  const folder = await cached(key, async (target) => {
    say(`reading the schema of ${wanted.provider} ${wanted.providerVersion} from npm's ${wanted.package}`);
    const archive = await fetchPackage(wanted, target);
    writeFileSync(join(target, 'schema.json'), JSON.stringify(extractSchema(await readPackage(archive), wanted)));
    // 30 MB that nothing reads again.
    rmSync(archive);
  });
  const file = join(folder, 'schema.json');
  if (!existsSync(file)) throw new Error(`${folder} has no schema.json`);
  return JSON.parse(readFileSync(file, 'utf8')) as ProviderSchema;
}

/** Terraform's name of this machine: https://developer.hashicorp.com/terraform/cli/config/config-file#explicit-installation-method-configuration */
function platform(): string {
  return `${process.platform}_${process.arch === 'x64' ? 'amd64' : process.arch}`;
}
