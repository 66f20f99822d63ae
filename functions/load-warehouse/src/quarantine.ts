import type { Lake } from '@tributary/platform/lake';
import type { LoadRejectedError } from '@tributary/platform/warehouse';
import type { LoadObject } from './object.ts';

/** Reasons that are never an object's fault while the object is there. https://cloud.google.com/bigquery/docs/error-messages */
const NOT_THE_OBJECT = new Set(['notFound', 'accessDenied', 'billingNotEnabled', 'quotaExceeded']);

/** Whether the request was refused and not the objects: their table is missing, say, or access to it. */
export function isNotTheObjects(error: LoadRejectedError): boolean {
  const reason = error.faults[0]?.reason;
  return reason !== undefined && NOT_THE_OBJECT.has(reason) && error.refusedUris.length === 0;
}

export interface QuarantinePorts {
  readonly lake: Lake;
  readonly bucket: string;
}

/**
 * Moves an object that BigQuery refuses out of the way: `quarantine/<stream>/…` under its own name, beside a `.reason.json`. The original is
 * not removed yet; `removeQuarantined` does that once the ledger knows.
 *
 * @returns `gone` where there is no such object any more; `superseded` where its name has a newer one, which stays and has an arrival of its own.
 * @throws {LoadRejectedError} where the refusal is not the object's fault, such as a missing table.
 */
export async function quarantine(
  { lake, bucket }: QuarantinePorts,
  object: LoadObject,
  error: LoadRejectedError,
): Promise<'quarantined' | 'gone' | 'superseded'> {
  const generation = await generationOf(lake, bucket, object.name);
  if (generation === undefined) return 'gone';
  if (generation !== object.generation) return 'superseded';
  const reason = error.faults[0]?.reason;
  if (reason !== undefined && NOT_THE_OBJECT.has(reason)) throw error;
  const name = quarantineName(object.name);
  if (!(await lake.copy(bucket, object.name, name))) return 'gone';
  const why = {
    object: lake.uri(bucket, object.name),
    generation: object.generation,
    stage: 'load',
    code: error.code,
    message: error.message,
    job_id: error.jobId,
    time: new Date().toISOString(),
  };
  await lake.write(bucket, `${name}.reason.json`, `${JSON.stringify(why, null, 2)}\n`, {
    contentType: 'application/json',
  });
  return 'quarantined';
}

/** Readers of `processed/` do not trip over it any more. An object that was put in its place stays: it may be the mended one. */
export async function removeQuarantined(
  { lake, bucket }: QuarantinePorts,
  { name, generation }: Pick<LoadObject, 'name' | 'generation'>,
): Promise<void> {
  if ((await generationOf(lake, bucket, name)) === generation) await lake.remove(bucket, name);
}

/** By a listing of one name, so that the content is not read. */
async function generationOf(lake: Lake, bucket: string, name: string): Promise<string | undefined> {
  for await (const object of lake.list(bucket, name)) return object.name === name ? object.generation : undefined;
  return undefined;
}

export function quarantineName(processedName: string): string {
  return processedName.replace(/^processed\//, 'quarantine/');
}
