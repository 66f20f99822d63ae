import { z } from 'zod';

/** Stands in a plan for a value that is known only after apply. */
export const UNKNOWN = '(known after apply)';

/** A resource that a plan would make; what is known only after apply is {@link UNKNOWN} in `values`. */
export interface Planned {
  readonly address: string;
  readonly type: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** What an assertion refuses: the address in Terraform (or the row of the table), and why. */
export interface Violation {
  readonly at: string;
  readonly says: string;
}

/** The part of `terraform show -json <plan>` that we read. https://developer.hashicorp.com/terraform/internals/json-format */
const documentSchema = z.object({
  format_version: z.string().startsWith('1.'),
  resource_changes: z.array(
    z.object({
      address: z.string(),
      mode: z.enum(['managed', 'data']),
      type: z.string(),
      change: z.object({
        after: z.record(z.string(), z.unknown()).nullable(),
        after_unknown: z.record(z.string(), z.unknown()),
      }),
    }),
  ),
});

/** @throws {z.ZodError} when Terraform's format is another than the one documented */
export function readPlan(json: string): Planned[] {
  return documentSchema
    .parse(JSON.parse(json))
    .resource_changes.filter(({ mode, change }) => mode === 'managed' && change.after !== null)
    .map(({ address, type, change }) => ({
      address,
      type,
      values: withUnknown(change.after, change.after_unknown) as Record<string, unknown>,
    }));
}

/** Terraform tells what is unknown in a second tree of the same shape, with true where the first has nothing. */
function withUnknown(known: unknown, unknown: unknown): unknown {
  if (unknown === true) return UNKNOWN;
  if (Array.isArray(unknown))
    return unknown.map((element, index) => withUnknown((known as unknown[] | undefined)?.[index], element));
  if (typeof unknown !== 'object' || unknown === null || Array.isArray(known)) return known;
  const merged: Record<string, unknown> = { ...(known as Record<string, unknown> | null | undefined) };
  for (const [name, inner] of Object.entries(unknown)) merged[name] = withUnknown(merged[name], inner);
  return merged;
}

/** The blocks of a name; Terraform has every nested block as a list. */
export function blocks(of: unknown, ...path: string[]): Record<string, unknown>[] {
  let level = [of as Record<string, unknown> | undefined];
  for (const name of path)
    level = level.flatMap((block) => (Array.isArray(block?.[name]) ? (block[name] as Record<string, unknown>[]) : []));
  return level.filter((block) => block !== undefined);
}

/** A planned text, {@link UNKNOWN} perhaps; undefined where it is absent. */
export function text(of: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = of[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
