import { UserError } from '@tributary/platform/errors';
import { deadLetterSchema } from '@tributary/platform/events';
import { z } from 'zod';
import type { ReplayOptions } from './replay.ts';

/** A letter of what is refused again comes within seconds. */
const DEFAULT_WAIT_SECONDS = 10;

/** Options as people type them. */
export interface TypedOptions {
  readonly stage?: string;
  readonly reason?: string;
  readonly since?: string;
  readonly wait?: string;
  readonly dryRun?: boolean;
}

const optionsSchema = z.object({
  stage: z.enum(deadLetterSchema.shape.stage.options).optional(),
  reason: z.string().min(1).optional(),
  since: z.coerce
    .date({ error: 'expected a time such as 2026-11-21T05:20:00Z, or a day such as 2026-11-21' })
    .optional(),
  wait: z.coerce.number({ error: 'expected seconds' }).min(0).max(3_600).default(DEFAULT_WAIT_SECONDS),
  dryRun: z.boolean().default(false),
});

/** @throws {UserError} USAGE naming the option at fault. */
export function readOptions(stream: string, typed: TypedOptions): ReplayOptions {
  const result = optionsSchema.safeParse(typed);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new UserError('USAGE', `--${String(issue.path[0])}: ${issue.message}`);
  }
  const { wait, dryRun, ...selection } = result.data;
  return { stream, ...selection, dryRun, waitMs: dryRun ? 0 : wait * 1_000 };
}
