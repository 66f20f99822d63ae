import { type Planned, text, UNKNOWN, type Violation } from '../planned.ts';
import { deliverers, rowsOf, type Table } from '../table.ts';

/** What Google's own agents need, on what: they are no deployables, so the table has no row for them. */
const AGENTS: readonly { readonly type: RegExp; readonly roles: readonly string[]; readonly why: string }[] = [
  {
    type: /^google_pubsub_(topic|subscription)_iam_member$/,
    roles: ['roles/pubsub.publisher', 'roles/pubsub.subscriber'],
    why: 'notifications, dead letters',
  },
  {
    type: /^google_service_account_iam_member$/,
    roles: ['roles/iam.serviceAccountTokenCreator'],
    why: 'tokens of pushes',
  },
  {
    type: /^google_project_iam_member$/,
    roles: ['roles/pubsub.publisher', 'roles/eventarc.serviceAgent'],
    why: 'Eventarc hears of objects, and calls',
  },
  {
    type: /^google_kms_crypto_key_iam_member$/,
    roles: ['roles/cloudkms.cryptoKeyEncrypterDecrypter'],
    why: 'keys of our own',
  },
];
const AGENT =
  /^serviceAccount:((service-\d+|bq-\d+)@[a-z0-9-]+\.iam|billing-budget-alert@system)\.gserviceaccount\.com$/;

/** Resource types of each kind of place that a row names, and the argument that says which place. */
const PLACES: readonly {
  readonly kind: string;
  readonly type: string;
  readonly place: (values: Planned['values']) => string;
}[] = [
  { kind: 'project', type: 'google_project_iam_member', place: () => '' },
  { kind: 'bucket', type: 'google_storage_bucket_iam_member', place: (v) => String(v.bucket).split('-').at(-1) ?? '' },
  { kind: 'dataset', type: 'google_bigquery_dataset_iam_member', place: (v) => String(v.dataset_id) },
  {
    kind: 'table',
    type: 'google_bigquery_table_iam_member',
    place: (v) => `${String(v.dataset_id)}.${String(v.table_id)}`,
  },
  { kind: 'topic', type: 'google_pubsub_topic_iam_member', place: (v) => last(String(v.topic)) },
  { kind: 'subscription', type: 'google_pubsub_subscription_iam_member', place: (v) => last(String(v.subscription)) },
  {
    kind: 'secret',
    type: 'google_secret_manager_secret_iam_member',
    place: (v) => last(String(v.secret_id)).replace(/^tributary-/, ''),
  },
  {
    kind: 'account',
    type: 'google_service_account_iam_member',
    place: (v) => last(String(v.service_account_id)).split('@')[0] ?? '',
  },
  { kind: 'job', type: 'google_cloud_run_v2_job_iam_member', place: (v) => last(String(v.name)) },
  { kind: 'repository', type: 'google_artifact_registry_repository_iam_member', place: () => '' },
  { kind: 'policy-tags', type: 'google_data_catalog_policy_tag_iam_member', place: () => '' },
];

/**
 * Every grant of the plan has a row in the table that says which call needs it, and every row of what is deployed is a grant of the plan.
 *
 * @param absent deployables, and accounts, that this environment goes without
 */
export function grantsHaveRows(
  plan: readonly Planned[],
  table: Table,
  options: {
    readonly topicPrefix: string;
    readonly channels: ReadonlySet<string>;
    readonly absent: ReadonlySet<string>;
  },
): Violation[] {
  const wanted = new Map<string, string>();
  for (const name of [...Object.keys(table.deployables), ...Object.keys(table.accounts)]) {
    if (options.absent.has(name)) continue;
    const account = (table.deployables[name] ?? table.accounts[name])?.account ?? '';
    for (const row of rowsOf(table, name))
      if (row.channel === undefined || options.channels.has(row.channel))
        wanted.set(
          key(account, row.role.replace('custom:', ''), placeOf(row.on, table, options.topicPrefix)),
          `${name}: ${row.role} on ${row.on}`,
        );
  }
  const found: Violation[] = [];
  const granted = new Set<string>();
  for (const planned of plan.filter(({ type }) => /_iam_(member|binding)$/.test(type))) {
    const member = text(planned.values, 'member');
    const role = text(planned.values, 'role') ?? '';
    // Names of Google's agents are made of the project's number, which is known once its APIs are on. Ours are known.
    if (OUTSIDE_OF_THE_TABLE.some((allows) => allows(planned, member ?? UNKNOWN, table))) continue;
    if (member === undefined || member === UNKNOWN || AGENT.test(member)) {
      if (!AGENTS.some(({ type, roles }) => type.test(planned.type) && roles.includes(role)))
        found.push({
          at: planned.address,
          says: `${role} for an agent of Google's, or for somebody who is not known yet, which assertions/grants.ts does not list`,
        });
    } else {
      const place = PLACES.find(({ type }) => type === planned.type);
      const at = key(accountOf(member), roleName(role), `${place?.kind}:${place?.place(planned.values) ?? ''}`);
      granted.add(at);
      if (!wanted.has(at))
        found.push({ at: planned.address, says: `no row of the table gives ${member} ${role} here` });
    }
  }
  for (const [at, row] of wanted)
    if (!granted.has(at)) found.push({ at: row, says: 'is a row of the table that the plan does not grant' });
  return found;
}

const key = (account: string, role: string, place: string): string =>
  `${account} ${role.replace(/^roles\//, '')} ${place}`;
/** Custom roles are named with a prefix in the plan: projects/<project>/roles/<prefix>.<name>. */
const roleName = (role: string): string => (role.startsWith('projects/') ? (role.split('.').at(-1) ?? '') : role);
const last = (path: string): string => path.split('/').at(-1) ?? '';
const accountOf = (member: string): string => member.replace(/^serviceAccount:/, '').split('@')[0] ?? '';

function placeOf(on: string, table: Table, topicPrefix: string): string {
  const [kind = '', target = ''] = on.split(/:(.*)/s);
  if (kind === 'topic' || kind === 'subscription') return `${kind}:${topicPrefix}${target}`;
  if (kind === 'account') return `${kind}:${table.deployables[target]?.account ?? target}`;
  return `${kind}:${target}`;
}

/** An account that GitHub's jobs deploy as; terraform/modules/delivery says beside each of its roles what it is for. */
function isDeployment({ address, values }: Planned, member: string): boolean {
  // The pool of GitHub's identities is named with the project's number, which is known once it is there.
  const isGitHub =
    values.role === 'roles/iam.workloadIdentityUser' && (member === UNKNOWN || member.startsWith('principal://'));
  return address.includes('module.delivery') && (accountOf(member) === 'tributary-deployer' || isGitHub);
}

/** Nodes of the optional cluster, and pods that act as the account of their own deployable. */
function isOfKubernetes({ type, values }: Planned, member: string, table: Table): boolean {
  const pod = /\.svc\.id\.goog\[[\w-]+\/([\w-]+)\]$/.exec(member)?.[1];
  if (pod !== undefined)
    return (
      type === 'google_service_account_iam_member' &&
      values.role === 'roles/iam.workloadIdentityUser' &&
      last(String(values.service_account_id)).split('@')[0] === table.deployables[pod]?.account
    );
  const roles = ['roles/container.defaultNodeServiceAccount', 'roles/artifactregistry.reader'];
  return accountOf(member) === 'tributary-nodes' && roles.includes(String(values.role));
}

/** Calling a service is asked of the table's triggers and `invokers`, not of its rows. */
function isInvocation({ type, values }: Planned, member: string, table: Table): boolean {
  if (type !== 'google_cloud_run_v2_service_iam_member' || values.role !== 'roles/run.invoker') return false;
  const target = last(String(values.name));
  const by = deliverers(table).get(accountOf(member));
  return by === target || (by === undefined && table.deployables[target] !== undefined && !member.includes('push-'));
}

/** https://cloud.google.com/eventarc/docs/roles-permissions#event-receiver: of the accounts that deliver objects only. */
function isReceiver({ type, values }: Planned, member: string, table: Table): boolean {
  const target = deliverers(table).get(accountOf(member));
  return (
    type === 'google_project_iam_member' &&
    values.role === 'roles/eventarc.eventReceiver' &&
    target !== undefined &&
    table.deployables[target]?.eventarc !== undefined
  );
}

const OUTSIDE_OF_THE_TABLE = [isInvocation, isReceiver, isOfKubernetes, isDeployment];
