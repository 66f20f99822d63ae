import { blocks, type Planned, text, UNKNOWN, type Violation } from '../planned.ts';

/** https://cloud.google.com/iam/docs/roles-overview#legacy-basic: thousands of permissions each. */
const PRIMITIVE = new Set(['roles/owner', 'roles/editor', 'roles/viewer', 'roles/browser']);
/** On a project these are the rights of every account in it. */
const ACTING = new Set([
  'roles/iam.serviceAccountUser',
  'roles/iam.serviceAccountTokenCreator',
  'roles/iam.serviceAccountOpenIdTokenCreator',
  'roles/iam.serviceAccountKeyAdmin',
  'roles/iam.workloadIdentityUser',
]);
/** These let their holder give himself any other, or are all of a service: what deploys needs them, what is deployed does not. */
const ADMINISTERING = new Set([
  'roles/iam.serviceAccountAdmin',
  'roles/iam.securityAdmin',
  'roles/iam.roleAdmin',
  'roles/resourcemanager.projectIamAdmin',
  'roles/secretmanager.secretAccessor',
  'roles/secretmanager.admin',
  'roles/storage.admin',
  'roles/bigquery.admin',
  'roles/pubsub.admin',
  'roles/run.admin',
]);
/** terraform/modules/delivery. */
const DEPLOYER = /^serviceAccount:tributary-deployer@/;
const EVERYBODY = new Set(['allUsers', 'allAuthenticatedUsers']);

const GRANT = /_iam_(member|binding|policy|audit_config)$/;
const PROJECT_OR_ABOVE = /^google_(project|folder|organization)_iam_/;

/** Refuses roles that are wider than any deployable's work, and grants whose role cannot be seen. */
export function rolesAreNarrow(plan: readonly Planned[]): Violation[] {
  return plan
    .filter(({ type }) => GRANT.test(type))
    .flatMap(({ address, type, values }) => {
      if (type.endsWith('_iam_policy'))
        return [{ at: address, says: 'replaces all that others were granted; use an iam_member' }];
      const role = text(values, 'role');
      if (role === undefined || role === UNKNOWN)
        return [{ at: address, says: 'its role is not known in the plan, so nobody can review it' }];
      if (PRIMITIVE.has(role)) return [{ at: address, says: `${role} is a primitive role` }];
      const deploys = DEPLOYER.test(text(values, 'member') ?? '');
      if (PROJECT_OR_ABOVE.test(type) && (ACTING.has(role) || (ADMINISTERING.has(role) && !deploys)))
        return [{ at: address, says: `${role} on the whole project; grant it on the one account, secret or bucket` }];
      return [];
    });
}

/** Refuses whatever lets in everybody, in each of the ways that Google's resources have for it. */
export function nobodyIsEverybody(plan: readonly Planned[]): Violation[] {
  return plan.flatMap(({ address, type, values }) => {
    const named = [
      values.member,
      values.entity,
      ...((values.members as unknown[] | null | undefined) ?? []),
      ...((values.role_entity as string[] | null | undefined) ?? []).map((entry) => entry.split(':').at(-1)),
      ...blocks(values, 'access').flatMap(({ special_group, iam_member }) => [special_group, iam_member]),
    ].filter((member) => EVERYBODY.has(String(member)));
    const found: Violation[] = named.map((member) => ({ at: address, says: `lets in ${String(member)}` }));
    if (type === 'google_storage_bucket') {
      if (values.public_access_prevention !== 'enforced')
        found.push({ at: address, says: 'public_access_prevention must be "enforced"' });
      if (values.uniform_bucket_level_access !== true)
        found.push({ at: address, says: 'without uniform_bucket_level_access each object can be made public' });
    }
    if (type === 'google_sql_database_instance')
      for (const settings of blocks(values, 'settings', 'ip_configuration'))
        if (settings.ipv4_enabled !== false) found.push({ at: address, says: 'has a public address' });
    return found;
  });
}
