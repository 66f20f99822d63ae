import { z } from 'zod';

/** What people are told of an incident: names, codes and counts. */
export const factsSchema = z.object({
  name: z.string(),
  code: z.string(),
  /** Of the event that told of it. */
  type: z.string(),
  /** Names beside the code that are known to be harmless, such as a gate or an object. */
  details: z.record(z.string(), z.union([z.string(), z.number()])),
  streams: z.array(z.string()),
  views: z.array(z.string()),
  counts: z.record(z.string(), z.number()),
  /** Rows at fault, of columns that hold nothing personal. */
  samples: z.array(z.string()),
  runId: z.string(),
  eventId: z.string(),
  /** Of docs/runbooks, without `.md`. */
  runbook: z.string().nullable(),
});
export type Facts = z.output<typeof factsSchema>;

/** One thing to tell people, once for each channel. */
export const noticeSchema = z.object({
  /** The same whoever makes it, so that one told twice is one. */
  id: z.string(),
  kind: z.enum(['opened', 'reminder', 'cleared']),
  at: z.string(),
  facts: factsSchema,
  /** Events that told of the incident so far. */
  events: z.number(),
  first: z.string(),
  last: z.string(),
});
export type Notice = z.output<typeof noticeSchema>;
