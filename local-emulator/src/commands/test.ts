import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { IMAGES } from '@tributary/images';
import { UserError } from '@tributary/platform/errors';
import { prepareVerification, type VerificationTools } from '@tributary/terraform-verify/tools';
import { execa } from 'execa';
import { ROOT } from '../instance/machine.ts';
import { installGo } from '../toolchain/go.ts';
import { ensureMaven } from '../toolchain/maven.ts';
import { prepareToolchain, type Toolchain } from '../toolchain/toolchain.ts';
import { sayCleaned } from './lifecycle.ts';
import { table } from './table.ts';

/** One check: a command that ends with status 0, and where it tells how many tests it ran. */
interface Step {
  readonly part: Part;
  readonly name: string;
  readonly command: readonly string[];
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  /** Minutes after which it is stuck, not slow. */
  readonly limitMinutes: number;
  readonly count: () => Count;
}

interface Count {
  readonly passed: number;
  readonly failed: number;
}

const PARTS = ['static', 'unit', 'java', 'python', 'infra', 'integration'] as const;
type Part = (typeof PARTS)[number];

/** Checks workflows of GitHub, their expressions and their scripts; pyflakes and shellcheck only where the machine has them. */
const ACTIONLINT = { key: 'actionlint-1.7.12', module: 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12' };
const RESULTS = join(ROOT, '.tributary', 'test-results');
/** A check without tests of its own counts as one. */
const AS_ONE: Count = { passed: 1, failed: 0 };

/**
 * Sets up and runs every check and test, goes on after a failure so that one run tells all, and ends with `N passed, N failed`.
 *
 * @param options.only runs one part
 */
export async function test(options: { only?: string }): Promise<void> {
  if (options.only !== undefined && !PARTS.includes(options.only as Part))
    throw new UserError('NO_SUCH_PART', `There is no part "${options.only}"; there are ${PARTS.join(', ')}.`);
  await sayCleaned();
  const tools = await prepareToolchain(ROOT, { cloudStandIns: true });
  rmSync(RESULTS, { recursive: true, force: true });
  mkdirSync(RESULTS, { recursive: true });
  const outcomes: { step: Step; ok: boolean; seconds: number; count: Count }[] = [];
  const wanted = (part: Part): boolean => options.only === undefined || part === options.only;
  const all = steps(tools, await ensureMaven(), await installGo(ACTIONLINT.key, ACTIONLINT.module, 'actionlint'));
  if (wanted('infra')) {
    const verification = await prepareVerification((line) => process.stdout.write(`${line}\n`));
    all.splice(
      all.findIndex(({ part }) => part === 'integration'),
      0,
      ...infraSteps(verification),
    );
  }
  for (const step of all.filter(({ part }) => wanted(part))) {
    process.stdout.write(`\n── ${step.name}\n`);
    const began = Date.now();
    const [command = '', ...args] = step.command;
    const result = await execa(command, args, {
      cwd: step.cwd ?? ROOT,
      env: {
        PATH: `${join(ROOT, 'node_modules', '.bin')}:${tools.pythonBin}:${process.env.PATH}`,
        NODE_NO_WARNINGS: '1',
        ...step.env,
      },
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: step.limitMinutes * 60_000,
      reject: false,
    });
    const ok = !result.failed;
    if (result.timedOut)
      process.stdout.write(`${step.name} did not end within ${step.limitMinutes} minutes and was stopped\n`);
    const counted = step.count();
    // A command may fail before or after its tests, with none of them failed: that is a failure too.
    const count = ok || counted.failed > 0 ? counted : { passed: counted === AS_ONE ? 0 : counted.passed, failed: 1 };
    outcomes.push({ step, ok, seconds: (Date.now() - began) / 1000, count });
  }
  const rows = outcomes.map(({ step, ok, seconds, count }) => [
    ok ? '✔' : '✖',
    step.part,
    step.name,
    String(count.passed),
    String(count.failed),
    seconds.toFixed(0),
  ]);
  process.stdout.write(`\n${table(['', 'part', 'check', 'passed', 'failed', 'seconds'], rows)}\n`);
  const sum = (of: keyof Count): number => outcomes.reduce((total, { count }) => total + count[of], 0);
  process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`);
  if (outcomes.some(({ ok }) => !ok)) process.exitCode = 1;
}

function steps(tools: Toolchain, maven: string, actionlint: string): Step[] {
  const one = (part: Part, name: string, command: string[]): Step => ({
    part,
    name,
    command,
    limitMinutes: 10,
    count: () => AS_ONE,
  });
  return [
    one('static', 'biome (format and lint)', ['biome', 'ci', '--reporter=summary', '.']),
    one('static', 'tsc', ['tsc', '--noEmit']),
    one('static', 'ruff check', ['ruff', 'check', '.']),
    one('static', 'ruff format', ['ruff', 'format', '--check', '.']),
    one('static', 'sqlfluff', [
      'sqlfluff',
      'lint',
      '--config',
      'dbt/.sqlfluff',
      'dbt/models',
      'dbt/macros',
      'dbt/tests',
    ]),
    one('static', 'actionlint', [actionlint]),
    // `gofmt -d` ends with status 1 where something differs.
    { ...one('static', 'gofmt: Pub/Sub stand-in', ['gofmt', '-d', '.']), cwd: join(ROOT, 'local-emulator', 'pubsub') },
    {
      ...one('static', 'go vet: Pub/Sub stand-in', ['go', 'vet', './...']),
      cwd: join(ROOT, 'local-emulator', 'pubsub'),
    },
    one('static', 'hadolint', ['hadolint', ...new Set(Object.values(IMAGES).map(({ dockerfile }) => dockerfile))]),
    one('static', 'contracts lint, generated files are fresh', [
      tools.node,
      'platform/src/contracts/cli.ts',
      '--check',
    ]),
    jest('unit', 'jest: unit', ['--selectProjects', 'unit'], 10),
    mavenModule('Beam pipeline', maven, 'dataflow-flink'),
    mavenModule('Flink SQL peer of the benchmark', maven, 'dataflow-flink/flink-sql-peer'),
    mavenModule('Debezium engine', maven, 'run-services/debezium-bridge/engine'),
    {
      part: 'python',
      name: 'pytest',
      command: [
        'python',
        '-m',
        'pytest',
        '-q',
        '-p',
        'no:cacheprovider',
        `--junitxml=${join(RESULTS, 'pytest.xml')}`,
        'feast',
        'great_expectations',
        'local-emulator/bigquery',
      ],
      limitMinutes: 10,
      count: () => junit([join(RESULTS, 'pytest.xml')]),
    },
    jest(
      'integration',
      'jest: integration, with real components',
      ['--selectProjects', 'integration', '--runInBand'],
      75,
    ),
  ];
}

/** What is checked of `terraform/` without an account; terraform/verify/README.md. */
function infraSteps({ terraform, tflint, checkovPython }: VerificationTools): Step[] {
  const one = (name: string, command: string[], env: Record<string, string> = {}): Step => ({
    part: 'infra',
    name,
    command,
    env,
    limitMinutes: 10,
    count: () => AS_ONE,
  });
  return [
    one('terraform fmt', [terraform, 'fmt', '-check', '-diff', '-recursive', 'terraform'], {
      TF_CLI_CONFIG_FILE: '/dev/null',
    }),
    one('tflint', [
      tflint,
      '--chdir=terraform',
      '--recursive',
      `--config=${join(ROOT, 'terraform', 'policy', 'tflint.hcl')}`,
      '--minimum-failure-severity=notice',
    ]),
    one('checkov', [checkovPython, '-m', 'checkov.main', '--config-file', 'terraform/policy/checkov.yaml']),
    jest('infra', 'jest: terraform validate, plan and test', ['--selectProjects', 'infra', '--runInBand'], 30),
  ];
}

function jest(part: Part, name: string, args: string[], limitMinutes: number): Step {
  const output = join(RESULTS, `jest-${part}.json`);
  return {
    part,
    name,
    command: ['jest', ...args, '--json', `--outputFile=${output}`],
    env: { NODE_OPTIONS: '--experimental-vm-modules' },
    limitMinutes,
    count: () => {
      if (!existsSync(output)) return { passed: 0, failed: 1 };
      const result = JSON.parse(readFileSync(output, 'utf8')) as {
        numPassedTests: number;
        numFailedTests: number;
        numRuntimeErrorTestSuites: number;
      };
      return { passed: result.numPassedTests, failed: result.numFailedTests + result.numRuntimeErrorTestSuites };
    },
  };
}

function mavenModule(name: string, maven: string, folder: string): Step {
  const reports = join(ROOT, folder, 'target', 'surefire-reports');
  return {
    part: 'java',
    name: `maven verify: ${name}`,
    command: [maven, '-B', '-ntp', '-q', 'verify'],
    cwd: join(ROOT, folder),
    limitMinutes: 25,
    count: () => {
      if (!existsSync(reports)) return AS_ONE;
      return junit(
        readdirSync(reports)
          .filter((file) => file.endsWith('.xml'))
          .map((file) => join(reports, file)),
      );
    },
  };
}

/** Sums up JUnit XML reports by the attributes of their suites. */
function junit(files: readonly string[]): Count {
  let passed = 0;
  let failed = 0;
  for (const file of files) {
    if (!existsSync(file)) return { passed: 0, failed: 1 };
    const suite = /<testsuite\b[^>]*>/.exec(readFileSync(file, 'utf8'))?.[0] ?? '';
    const attribute = (name: string): number => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
    const bad = attribute('failures') + attribute('errors');
    failed += bad;
    passed += attribute('tests') - bad - attribute('skipped');
  }
  return { passed, failed };
}
