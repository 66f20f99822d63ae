import { findObject, type LakeObject } from '@tributary/platform/lake';
import { seal } from '@tributary/platform/pii';
import { raiseIncident } from './incident.ts';
import { objectReference } from './landing-file.ts';
import type { LandingPorts } from './ports.ts';

/** Sealed one by one and kept one a line, so that no text gets longer than a string may be. */
const SEALED_CHUNK_BYTES = 16 * 1024 * 1024;

export interface Refusal {
  readonly dataset: string;
  readonly name: string;
  readonly generation: string;
  readonly code: string;
  /** For people; names fields and rules, never values. */
  readonly message: string;
  readonly runId: string;
  readonly cause?: string;
  readonly traceparent: string;
  /** What else is known, without values. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/**
 * Moves a file that cannot be ingested from the landing bucket to `quarantine/<dataset>/` of the lake, beside a `.reason.json`, and says so. It may hold clear
 * PII, so it is stored sealed: each line is a seal of 16 MiB of it (`unseal` of platform/pii).
 *
 * Every step is harmless to repeat, and the original goes last.
 */
export async function quarantineFile(ports: LandingPorts, refusal: Refusal): Promise<void> {
  const { lake, lakeBucket, landingBucket } = ports;
  const found = await lake.read(landingBucket, refusal.name);
  // A newer file of the same name has an event of its own.
  if (found?.object.generation !== refusal.generation) return;
  const file = refusal.name.replace(/^landing\/([^/]+\/)?/, '');
  const target = `quarantine/${refusal.dataset}/${file}.${refusal.generation}.sealed`;
  const reason = {
    object: objectReference(landingBucket, refusal),
    stage: 'landing',
    code: refusal.code,
    message: refusal.message,
    ...refusal.detail,
  };
  await lake.write(lakeBucket, target, sealed(found.body, ports));
  await lake.write(lakeBucket, `${target}.reason.json`, `${JSON.stringify(reason, null, 2)}\n`, {
    contentType: 'application/json',
  });
  await raiseIncident(ports, refusal, {
    code: refusal.code,
    message: refusal.message,
    runbook: 'quarantine',
    counts: { bytes: found.body.length },
    detail: { stage: 'landing', object: reason.object, quarantine: target },
  });
  await removeLanded(ports, found.object);
}

/** Empties the landing bucket of a file, unless a newer one of its name was dropped meanwhile. */
export async function removeLanded(
  { lake, landingBucket }: LandingPorts,
  file: Pick<LakeObject, 'name' | 'generation'>,
): Promise<void> {
  if ((await currentGeneration(lake, landingBucket, file.name)) === file.generation) {
    await lake.remove(landingBucket, file.name);
  }
}

/** The generation an object has now, without reading it; undefined where there is none. */
export async function currentGeneration(
  lake: LandingPorts['lake'],
  bucket: string,
  name: string,
): Promise<string | undefined> {
  return (await findObject(lake, bucket, name))?.generation;
}

function sealed(body: Buffer, { piiKeys }: LandingPorts): string {
  const chunks: string[] = [];
  for (let from = 0; from < body.length; from += SEALED_CHUNK_BYTES) {
    chunks.push(seal(body.subarray(from, from + SEALED_CHUNK_BYTES), piiKeys));
  }
  return `${chunks.join('\n')}\n`;
}
