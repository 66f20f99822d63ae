import { z } from 'zod';
import { objectId } from './landing-file.ts';
import type { LandingPorts } from './ports.ts';

/** docs/interfaces.md#landing-report */
const reportSchema = z.object({
  rows: z.number(),
  dead_letters: z.number(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
});

export type LandingReport = z.output<typeof reportSchema>;

/** Where, in the lake, the pipeline says what became of a file. */
export function reportPath(bucket: string, file: { name: string; generation: string }): string {
  return `control/landing-reports/${objectId(bucket, file)}.json`;
}

/** What the pipeline said of a file; undefined where it said nothing. */
export async function readReport(
  { lake, lakeBucket, landingBucket }: LandingPorts,
  file: { name: string; generation: string },
): Promise<LandingReport | undefined> {
  const found = await lake.read(lakeBucket, reportPath(landingBucket, file));
  return found && reportSchema.parse(JSON.parse(found.body.toString('utf8')));
}
