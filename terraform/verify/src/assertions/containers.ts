import { VARIABLES, type VariableDeclaration } from '@tributary/platform/config';
import { blocks, type Planned, text, UNKNOWN, type Violation } from '../planned.ts';

/** What a deployable runs with, in whichever of three forms Google has for it. */
export interface Container {
  readonly address: string;
  /** The resource's own name, which is the deployable's. */
  readonly name: string;
  readonly image: string | undefined;
  readonly account: string | undefined;
  readonly ingress: string | undefined;
  readonly environment: ReadonlyMap<string, string | undefined>;
  readonly secrets: ReadonlyMap<string, { readonly secret: string | undefined; readonly version: string | undefined }>;
}

export function containers(plan: readonly Planned[]): Container[] {
  return plan.flatMap((planned) => {
    if (planned.type === 'google_cloud_run_v2_service') return [fromRun(planned, ['template'])];
    if (planned.type === 'google_cloud_run_v2_job') return [fromRun(planned, ['template', 'template'])];
    if (planned.type === 'google_cloudfunctions2_function') return [fromFunction(planned)];
    return [];
  });
}

function fromRun({ address, values }: Planned, path: string[]): Container {
  const [template = {}] = blocks(values, ...path);
  const [container = {}] = blocks(template, 'containers');
  const variables = blocks(container, 'env');
  const reference = (variable: Record<string, unknown>) => blocks(variable, 'value_source', 'secret_key_ref')[0];
  return {
    address,
    name: String(values.name),
    image: text(container, 'image'),
    account: text(template, 'service_account'),
    ingress: text(values, 'ingress'),
    environment: new Map(
      variables
        .filter((variable) => reference(variable) === undefined)
        .map((variable) => [String(variable.name), text(variable, 'value')]),
    ),
    secrets: new Map(
      variables.flatMap((variable) => {
        const from = reference(variable);
        return from === undefined
          ? []
          : [[String(variable.name), { secret: text(from, 'secret'), version: text(from, 'version') }] as const];
      }),
    ),
  };
}

function fromFunction({ address, values }: Planned): Container {
  const [service = {}] = blocks(values, 'service_config');
  return {
    address,
    name: String(values.name),
    image: undefined,
    account: text(service, 'service_account_email'),
    ingress: text(service, 'ingress_settings'),
    environment: new Map(
      Object.entries((service.environment_variables as Record<string, string> | null | undefined) ?? {}),
    ),
    secrets: new Map(
      blocks(service, 'secret_environment_variables').map((variable) => [
        String(variable.key),
        { secret: text(variable, 'secret'), version: text(variable, 'version') },
      ]),
    ),
  };
}

/** Names by which secrets go, beside those that the configuration module declares as secret. */
const SECRET_NAME = /(PASSWORD|SECRET|TOKEN|API_KEY|WEBHOOK_URL|PRIVATE_KEY)$/;

/** No secret is written down: each is a reference that is read when the instance starts. */
export function secretsAreReferences(plan: readonly Planned[]): Violation[] {
  const declared = VARIABLES as Readonly<Record<string, VariableDeclaration>>;
  const found: Violation[] = [];
  for (const { address, environment, secrets } of containers(plan)) {
    for (const name of environment.keys())
      if (declared[name]?.secret || SECRET_NAME.test(name))
        found.push({ at: address, says: `${name} is a secret and is written into the environment` });
    for (const [name, { secret, version }] of secrets)
      if (secret === undefined || version === undefined)
        found.push({ at: address, says: `${name} refers to no secret, or to no version of it` });
  }
  // One that another resource makes up is in the state with that resource already.
  for (const { address, type, values } of plan)
    if (type === 'google_secret_manager_secret_version' && ![undefined, UNKNOWN].includes(text(values, 'secret_data')))
      found.push({ at: address, says: 'has its value in the configuration and so in the state; use secret_data_wo' });
  return found;
}

/** Every container runs by digest, as an account of its own, and answers only inside unless the table says otherwise. */
export function containersAreBound(
  plan: readonly Planned[],
  table: {
    readonly deployables: Readonly<Record<string, { account: string; ingress?: string; invoker_check?: boolean }>>;
  },
): Violation[] {
  const found: Violation[] = [];
  for (const { address, name, image, account, ingress, environment } of containers(plan)) {
    const deployable = table.deployables[name] ?? table.deployables[name.split('-before-')[0] ?? ''];
    if (deployable === undefined) {
      found.push({ at: address, says: `${name} is no deployable of the table` });
      continue;
    }
    if (image !== undefined && !/@sha256:[0-9a-f]{64}$/.test(image))
      found.push({ at: address, says: `${image} is no digest, so what runs can change by itself` });
    if (account?.split('@')[0] !== deployable.account)
      found.push({ at: address, says: `runs as ${account ?? 'the default account'}, not as ${deployable.account}` });
    if (ingress !== undefined && deployable.ingress !== 'all' && !ingress.includes('INTERNAL'))
      found.push({ at: address, says: 'can be reached from the internet, which the table does not list' });
    const resource = plan.find((planned) => planned.address === address);
    if (resource?.values.invoker_iam_disabled !== true) continue;
    if (deployable.invoker_check !== false)
      found.push({ at: address, says: 'lets everybody call, which the table does not list' });
    if (environment.get('OIDC_SIGNATURE') !== 'verify' || !environment.has('OIDC_AUDIENCE'))
      found.push({ at: address, says: 'lets everybody call and does not verify tokens itself' });
  }
  return found;
}
