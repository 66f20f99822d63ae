import { type Caller, callerForbidden, matchesCaller } from '@tributary/platform/oidc';
import type { Declaration } from './declaration.ts';

/** Who may ask: role → e-mails, `*@<domain>` or `*`. */
export type Roles = Readonly<Record<string, readonly string[]>>;

/** Whether the caller may ask this query; undefined is the loopback, where whoever is on the machine may. */
export function mayAsk(caller: Caller | undefined, { role }: Pick<Declaration, 'role'>, roles: Roles): boolean {
  if (caller === undefined) return true;
  const patterns = Object.hasOwn(roles, role) ? roles[role]! : [];
  return patterns.some((pattern) => matchesCaller(pattern, caller));
}

/** @throws {UserError} CALLER_FORBIDDEN. */
export function requireRole(caller: Caller | undefined, declaration: Declaration, roles: Roles): void {
  if (mayAsk(caller, declaration, roles)) return;
  throw callerForbidden(
    `The account that the token names has not the role ${declaration.role}, which ${declaration.name} asks for; WAREHOUSE_API_ROLES gives it.`,
  );
}
