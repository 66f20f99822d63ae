/**
 * Modules that are applied first, alone: images are pushed to the registry, packages uploaded to a bucket and secrets filled before what uses them can be
 * made. On later deploys this finds nothing to change, as a rule.
 */
export const FOUNDATION: readonly string[] = ['project', 'registry', 'storage', 'secrets', 'identities'].map(
  (module) => `module.tributary.module.${module}`,
);
