import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const rowSchema = z.strictObject({
  role: z.string().regex(/^(roles\/[a-zA-Z.]+|custom:[a-zA-Z]+)$/),
  on: z.string(),
  why: z.string().min(1),
  prefixes: z.array(z.string().regex(/^[^/].*[^*]$/)).optional(),
  channel: z.string().optional(),
});
const secretSchema = z.strictObject({ secret: z.string(), channel: z.string().optional() });
const environmentSchema = z.record(z.string(), z.unknown());
const settingsSchema = {
  environment: environmentSchema.optional(),
  secrets: z.record(z.string(), secretSchema).optional(),
  mounts: z.array(z.strictObject({ secret: z.string(), path: z.string(), file: z.string() })).optional(),
};
/** Only what assertions read; Terraform and deploy read more. */
const deployableSchema = z.object({
  kind: z.enum(['service', 'job', 'function', 'flex-template']),
  source: z.string(),
  account: z.string(),
  config: z.array(z.string()).optional(),
  ...settingsSchema,
  ingress: z.enum(['all', 'internal']).optional(),
  invoker_check: z.boolean().optional(),
  push: z.record(z.string(), z.object({ topic: z.string() })).optional(),
  eventarc: z.record(z.string(), z.object({ bucket: z.string() })).optional(),
  role_sets: z.array(z.string()).optional(),
  roles: z.array(rowSchema),
});
const tableSchema = z.object({
  custom_roles: z.record(z.string(), z.object({ permissions: z.array(z.string()) })),
  sections: z.record(z.string(), z.strictObject(settingsSchema)),
  role_sets: z.record(z.string(), z.array(rowSchema)),
  deployables: z.record(z.string(), deployableSchema),
  accounts: z.record(z.string(), z.object({ account: z.string(), roles: z.array(rowSchema) })),
});

/** One row: a role, on what, and the call in the code that needs it. */
export type Row = z.output<typeof rowSchema>;
export type Deployable = z.output<typeof deployableSchema>;
/** terraform/deployables.yaml. */
export type Table = z.output<typeof tableSchema>;

export function readTable(root: string): Table {
  return parseTable(readFileSync(join(root, 'terraform', 'deployables.yaml'), 'utf8'));
}

/** @throws {z.ZodError} naming the row that is not of its form */
export function parseTable(text: string): Table {
  // A bare `on` is a text in YAML 1.2, which this package reads, and true in 1.1, which Terraform reads: 1.1 here too finds one that is not quoted.
  return tableSchema.parse(parse(text, { version: '1.1' }));
}

/** Every role of a deployable or of an account of its own, those of its sets too. */
export function rowsOf(table: Table, name: string): Row[] {
  const deployable = table.deployables[name];
  if (deployable === undefined) return table.accounts[name]?.roles ?? [];
  return [...(deployable.role_sets ?? []).flatMap((set) => table.role_sets[set] ?? []), ...deployable.roles];
}

/** Ids of the accounts that deliver events, as the modules name them: push-<deployable>-<trigger>. */
export function deliverers(table: Table): Map<string, string> {
  return new Map(
    Object.entries(table.deployables).flatMap(([name, { push = {}, eventarc = {} }]) =>
      [...Object.keys(push), ...Object.keys(eventarc)].map((trigger) => [`push-${name}-${trigger}`, name] as const),
    ),
  );
}
