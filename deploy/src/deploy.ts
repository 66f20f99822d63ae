import { TributaryError, UserError } from '@tributary/platform/errors';
import { type Artifacts, packageObject } from './artifacts/artifacts.ts';
import { buildOnCloudBuild } from './artifacts/cloud-build.ts';
import { buildWithDocker } from './artifacts/docker.ts';
import { findImages, readDigests } from './artifacts/registry.ts';
import { buildTemplate, templatePath, uploaded, uploadPackage } from './artifacts/uploads.ts';
import { beforeJobs, type Deployables, runNames, serviceNames } from './deployables.ts';
import { FOUNDATION } from './foundation.ts';
import type { Google } from './google.ts';
import { begin, end, readUnfinished, type Unfinished } from './journal.ts';
import type { DeployLog } from './log.ts';
import type { DeployOptions } from './options.ts';
import type { Places } from './places.ts';
import { type CheckContext, checkPrerequisites, type Found } from './prerequisites/check.ts';
import { prepareStateBucket } from './prerequisites/state-bucket.ts';
import { rollBack } from './rollback.ts';
import { executeJob, readServed } from './run-state.ts';
import { databasePassword, fillSecrets } from './secrets.ts';
import { allowTokens } from './smoke/access.ts';
import { smokeTest } from './smoke/smoke.ts';
import type { Step } from './steps.ts';
import { type DeployedVariables, NOT_BUILT, refuseDataLoss, Terraform } from './terraform.ts';
import type { Tools } from './tools.ts';
import { followLatest } from './traffic.ts';

/** How a deploy ends, as exit status. */
export const EXIT = {
  /** All is deployed and tried; or, with --plan, looked at. */
  done: 0,
  /** It failed before anything that answers requests was changed. */
  nothingServedChanged: 1,
  /** It failed later, and what was served before is served again. */
  rolledBack: 2,
  /** It failed, and so did a part of the rollback: the commands that finish it were printed. */
  rollbackIncomplete: 3,
} as const;

export interface DeployPorts {
  readonly tools: Tools;
  readonly google: Google;
  readonly log: DeployLog;
  readonly places: Places;
  readonly root: string;
  readonly deployables: Deployables;
  readonly lock: CheckContext['lock'];
  /** Made when prerequisites hold: packaging reads the whole tree. */
  readonly artifacts: () => Artifacts;
  /** What a person answers; undefined where nobody can. */
  readonly ask: (question: string) => Promise<string | undefined>;
  readonly fetch: typeof fetch;
  readonly now: () => Date;
  readonly pause?: (milliseconds: number) => Promise<void>;
}

/**
 * Brings a project to the state of the working tree: says what it will do, checks what it needs, builds what is not built yet, applies Terraform, and tries
 * what was deployed. Each step looks for what is there already, so a deploy that was killed is gone on with by running it again.
 *
 * Services, functions and jobs that were changed are put back when a later step fails; Terraform's state is not touched by that.
 *
 * @returns the exit status, of EXIT
 */
export async function deploy(options: DeployOptions, ports: DeployPorts): Promise<number> {
  const { log, tools, places } = ports;
  const run: Run = {
    options,
    ports,
    terraform: new Terraform(tools, places, options),
    images: new Map(),
    hasChanges: false,
  };
  let servingChanged = false;
  try {
    if (options.smoke === 'full' && options.environment === 'prod')
      throw new UserError(
        'SMOKE_WRITES',
        '--smoke full writes an order of a customer who does not exist; it is not for prod. Leave it at basic.',
      );
    log.step('check', `prerequisites of ${options.project} (${options.environment}, ${options.region})`);
    const found = await checkPrerequisites({ ...ports, target: options, builder: options.builder });
    const artifacts = ports.artifacts();
    const steps = await planSteps(run, found, artifacts);
    announce(log, steps);
    if (options.plan) {
      await lookAhead(run, found, artifacts);
      log.info('\nNothing was changed. Without --plan, the steps above are done.');
      return EXIT.done;
    }
    await confirm(options, ports);
    for (const step of steps) {
      log.step(step.name, step.detail);
      if (step.changesServing) servingChanged = true;
      await step.run();
    }
    log.info(`\n${options.project} (${options.environment}) is deployed.`);
    return EXIT.done;
  } catch (error) {
    tell(log, error);
    if (!servingChanged || run.unfinished === undefined || REFUSED_WHOLE.has((error as TributaryError).code)) {
      log.info(
        'Nothing that answers requests was changed. Run the command again once that is mended: it goes on from here.',
      );
      return EXIT.nothingServedChanged;
    }
    return await goBack(run, run.unfinished);
  }
}

/** Terraform applied nothing: another deploy is at it. Going back would undo that one's work. */
const REFUSED_WHOLE: ReadonlySet<string> = new Set(['STATE_LOCKED', 'PLAN_STALE']);

/** What steps learn and hand on. */
interface Run {
  readonly options: DeployOptions;
  readonly ports: DeployPorts;
  readonly terraform: Terraform;
  /** Full reference by digest, by deployable. */
  images: Map<string, string>;
  /** Whether the plan that was saved changes anything. */
  hasChanges: boolean;
  unfinished?: Unfinished | undefined;
}

async function planSteps(run: Run, found: Found, artifacts: Artifacts): Promise<Step[]> {
  const { options, ports, terraform } = run;
  const { tools, places, log, now } = ports;
  const ours = serviceNames(ports.deployables);
  run.images = await findImages(tools, places, artifacts.images);
  const toBuild = artifacts.images.filter(({ deployable }) => !run.images.has(deployable));
  const present = found.stateBucket === 'missing' ? new Set<string>() : await uploaded(tools, places);
  const toUpload = artifacts.functions.filter((item) => !present.has(packageObject(item)));
  const steps: Step[] = [];
  if (found.missingApis.length > 0) {
    steps.push({
      name: 'APIs',
      detail: `enable ${found.missingApis.join(', ')}`,
      run: async () => {
        await tools.change({
          command: 'gcloud',
          args: ['services', 'enable', ...found.missingApis, `--project=${options.project}`],
        });
      },
    });
  }
  if (found.stateBucket !== 'ready') {
    steps.push({
      name: 'state',
      detail: `${found.stateBucket === 'missing' ? 'make' : 'keep versions in'} gs://${places.stateBucket}, for Terraform's state`,
      run: () => prepareStateBucket(tools, options, places, found.stateBucket),
    });
  }
  steps.push(
    {
      name: 'terraform init',
      detail: `fetch providers, read the state in gs://${places.stateBucket}`,
      run: () => terraform.init(),
    },
    {
      name: 'foundation',
      detail: 'APIs, accounts, buckets, the registry and secrets, which everything else is put into',
      run: async () => {
        if (await planTerraform(run, FOUNDATION, false)) await terraform.apply();
      },
    },
    {
      name: 'secrets',
      detail: 'give secrets that have no value yet their first, and Dataflow its copy of the PII keys',
      run: () => fillSecrets(tools, log, options, places),
    },
    {
      name: 'smoke access',
      detail: `let ${found.account} ask for tokens of the account that the smoke test calls as, where that is a person`,
      run: async () => {
        if (options.smoke !== 'none') await allowTokens(tools, log, options, found.account);
      },
    },
    {
      name: 'images',
      detail:
        toBuild.length === 0
          ? 'all are built'
          : `build ${toBuild.map(({ deployable }) => deployable).join(', ')} with ${options.builder}`,
      run: async () => {
        if (toBuild.length > 0) {
          if (options.builder === 'docker') await buildWithDocker(tools, options, places, toBuild);
          else await buildOnCloudBuild(tools, options, places, { ...artifacts, images: toBuild }, ports.root);
        }
        run.images = await readDigests(tools, places, artifacts.images);
      },
    },
    {
      name: 'functions',
      detail:
        toUpload.length === 0
          ? 'all packages are uploaded'
          : `upload ${toUpload.map(({ deployable }) => deployable).join(', ')}`,
      run: async () => {
        for (const item of toUpload) await uploadPackage(tools, places, item);
      },
    },
    {
      name: 'template',
      detail: `write the Flex Template of ${artifacts.template.deployable}, where its image is new`,
      run: async () => {
        const image = run.images.get(artifacts.template.deployable)!;
        const path = templatePath(places.artifactsBucket, artifacts.template, image);
        if (!present.has(path.slice(`gs://${places.artifactsBucket}/`.length)))
          await buildTemplate(tools, options, places, artifacts.template, image);
      },
    },
    {
      name: 'plan',
      detail: 'what Terraform will change, saved',
      run: async () => {
        terraform.writeVariables(variablesOf(run, artifacts));
        run.hasChanges = await planTerraform(run, [], true, await databasePassword(tools, options));
      },
    },
    {
      name: 'journal',
      detail: `note in ${places.journal} what is served now, to go back to`,
      run: async () => {
        run.unfinished = await readUnfinished(tools, places);
        if (run.unfinished !== undefined) {
          log.info(
            `The deploy of ${run.unfinished.began} has not ended; a rollback goes back to what was served before it.`,
          );
          return;
        }
        const before = await readServed(tools, options, runNames(ports.deployables));
        run.unfinished = await begin(tools, places, { began: now().toISOString(), before });
      },
    },
    {
      name: 'apply',
      detail: 'that very plan; feast/apply.py runs as a job before the feature server changes',
      changesServing: true,
      run: async () => {
        if (run.hasChanges) await terraform.apply();
      },
    },
    {
      name: 'definitions',
      detail: `run ${beforeJobs(ports.deployables).join(', ')} once more: Terraform runs it for a new image, not for one that was rolled back from`,
      changesServing: true,
      run: async () => {
        for (const name of beforeJobs(ports.deployables)) await executeJob(tools, options, name);
      },
    },
    {
      name: 'traffic',
      detail: 'send all requests to the newest revisions, where an earlier rollback holds them elsewhere',
      changesServing: true,
      run: () => followLatest(tools, options, ours),
    },
    {
      name: 'smoke test',
      detail: options.smoke,
      changesServing: true,
      run: async () =>
        smokeTest(
          { ...ports, target: options, now: () => now().getTime() },
          ports.deployables,
          await terraform.urls(),
          options.smoke,
        ),
    },
    {
      name: 'journal',
      detail: 'note that the deploy ended',
      run: () => end(tools, places),
    },
  );
  return steps;
}

/** Saves a plan. @returns whether it changes anything */
async function planTerraform(
  { terraform, options, ports }: Run,
  targets: readonly string[],
  deployed: boolean,
  databasePassword?: string,
): Promise<boolean> {
  const summary = await terraform.plan({ targets, deployed, databasePassword });
  if (summary === undefined) {
    ports.log.info('nothing to change');
    return false;
  }
  ports.log.info(`${summary.add} to add, ${summary.change} to change, ${summary.remove} to remove`);
  refuseDataLoss(summary, options.allowDataLoss);
  return true;
}

function variablesOf({ images, ports }: Run, artifacts: Artifacts): DeployedVariables {
  const { artifactsBucket } = ports.places;
  const template = artifacts.template.deployable;
  return {
    images: Object.fromEntries([...images].sort()),
    function_sources: Object.fromEntries(
      artifacts.functions.map((item) => [item.deployable, { bucket: artifactsBucket, object: packageObject(item) }]),
    ),
    flex_template: templatePath(artifactsBucket, artifacts.template, images.get(template)!),
  };
}

async function lookAhead(run: Run, found: Found, artifacts: Artifacts): Promise<void> {
  const { ports, terraform } = run;
  const unbuilt = artifacts.images.filter(({ deployable }) => !run.images.has(deployable));
  for (const { deployable } of unbuilt)
    run.images.set(deployable, `${ports.places.registry}/${deployable}@${NOT_BUILT}`);
  ports.log.step('terraform plan', 'what an apply would do; nothing is saved and no lock is taken');
  if (unbuilt.length > 0)
    ports.log.info(
      `sha256:000… stands for images that are not built yet: ${unbuilt.map(({ deployable }) => deployable).join(', ')}`,
    );
  if (found.stateBucket === 'missing') {
    ports.log.info('There is no state yet: the plan is that of an empty project.');
    await terraform.initWithoutState(ports.root);
  } else {
    await terraform.init();
  }
  terraform.writeVariables(variablesOf(run, artifacts));
  await terraform.lookAhead();
}

function announce(log: DeployLog, steps: readonly Step[]): void {
  log.info('\nWhat is done, in this order:');
  for (const [index, { name, detail }] of steps.entries())
    log.info(`  ${String(index + 1).padStart(2)}. ${name}: ${detail}`);
}

async function confirm({ yes, project, environment }: DeployOptions, { ask }: DeployPorts): Promise<void> {
  if (yes) return;
  const answer = await ask(`\nDeploy to ${project} (${environment})? Type yes: `);
  if (answer === undefined) throw new UserError('NOT_CONFIRMED', 'Nobody can be asked here; add --yes.');
  if (answer.trim().toLowerCase() !== 'yes')
    throw new UserError('NOT_CONFIRMED', 'Stopped before anything was changed.');
}

async function goBack({ options, ports }: Run, { before, began }: Unfinished): Promise<number> {
  const { log, tools, places } = ports;
  tools.resume();
  log.step('rollback', `back to what was served before ${began}`);
  const { failed } = await rollBack(before, {
    tools,
    log,
    target: options,
    places,
    runAgain: beforeJobs(ports.deployables),
  });
  let complete = failed.length === 0;
  if (complete) {
    await end(tools, places).catch((error: unknown) => {
      complete = false;
      tell(log, error);
    });
  }
  log.info(
    "Terraform's state was left as it is: resources stay, and requests go to the revisions of before. The next deploy builds on that state, sends requests to the newest revisions again, and tries them. The streaming pipeline is not taken back: a job that was updated keeps running (deploy/README.md).",
  );
  return complete ? EXIT.rolledBack : EXIT.rollbackIncomplete;
}

function tell(log: DeployLog, error: unknown): void {
  if (error instanceof TributaryError) log.error(error.code, error.message);
  else log.error('UNEXPECTED', `${(error as Error).message}\nThis is not an error we expected: it is ours to mend.`);
}
