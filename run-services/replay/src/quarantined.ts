import type { LakeObject } from '@tributary/platform/lake';
import { unseal } from '@tributary/platform/pii';
import { z } from 'zod';
import type { ReplayPorts, Selection } from './ports.ts';

/** What stands beside every quarantined object. docs/runbooks/quarantine.md */
const reasonSchema = z.looseObject({
  object: z.string(),
  stage: z.enum(['landing', 'load']),
  code: z.string(),
  message: z.string(),
  time: z.iso.datetime().optional(),
});
type Reason = z.output<typeof reasonSchema>;

/** `<bucket>/<name>#<generation>`, as the quarantine of dropped files names its objects. */
const LANDED = /^[^/]+\/(?<name>landing\/.+)#\d+$/;

/** A whole object that was set aside. */
export interface QuarantinedObject {
  readonly object: LakeObject;
  readonly reason: Reason;
  /** Where it goes back to. */
  readonly target: { readonly bucket: string; readonly name: string };
}

/** The quarantined objects of a selection: Parquet of stage `load`, dropped files of stage `landing`. */
export async function listQuarantined(ports: ReplayPorts, selection: Selection): Promise<QuarantinedObject[]> {
  const { lake, lakeBucket } = ports;
  const found: QuarantinedObject[] = [];
  for await (const object of lake.list(lakeBucket, `quarantine/${selection.stream}/`)) {
    if (object.name.endsWith('.reason.json')) continue;
    const stored = await lake.read(lakeBucket, `${object.name}.reason.json`);
    // Its reason is written after it: an object without one is being set aside right now.
    if (!stored) continue;
    const reason = reasonSchema.parse(JSON.parse(stored.body.toString('utf8')));
    const target = targetOf(ports, object.name, reason);
    if (target && isSelected(reason, selection)) found.push({ object, reason, target });
  }
  return found;
}

function targetOf({ lakeBucket, landingBucket }: ReplayPorts, name: string, reason: Reason) {
  if (reason.stage === 'load') return { bucket: lakeBucket, name: name.replace(/^quarantine\//, 'processed/') };
  const landed = LANDED.exec(reason.object)?.groups?.name;
  return landed === undefined ? undefined : { bucket: landingBucket, name: landed };
}

function isSelected(reason: Reason, { stage, reason: code, since }: Selection): boolean {
  if (stage !== undefined && stage !== reason.stage) return false;
  if (code !== undefined && code !== reason.code) return false;
  return since === undefined || reason.time === undefined || Date.parse(reason.time) >= since.getTime();
}

/**
 * Puts an object back under its own name; its event starts the ordinary way, which sets it aside again where it is refused still.
 *
 * Written first, removed after: a crash in between puts it back once more, and the same content under the same name is loaded or ingested once.
 *
 * @returns why it stays; undefined where it went back.
 */
export async function putBack(
  ports: ReplayPorts,
  { object, target, reason }: QuarantinedObject,
): Promise<string | undefined> {
  const { lake, lakeBucket } = ports;
  const found = await lake.read(lakeBucket, object.name);
  if (!found) return 'it is gone';
  const present = await lake.read(target.bucket, target.name);
  const body = reason.stage === 'landing' ? unsealed(found.body, ports) : found.body;
  if (present && !present.body.equals(body)) {
    return `${target.name} is there with other content; wait until it was taken, or remove it`;
  }
  if (!present) await lake.write(target.bucket, target.name, body);
  // Set aside anew meanwhile: then it is not this one's to remove.
  if ((await generationOf(ports, object.name)) === found.object.generation) {
    await lake.remove(lakeBucket, object.name);
    await lake.remove(lakeBucket, `${object.name}.reason.json`);
  }
  return undefined;
}

async function generationOf({ lake, lakeBucket }: ReplayPorts, name: string): Promise<string | undefined> {
  // The first name with a prefix is the prefix itself.
  for await (const object of lake.list(lakeBucket, name)) return object.name === name ? object.generation : undefined;
  return undefined;
}

/** A dropped file is kept as seals of its parts, one a line. */
function unsealed(body: Buffer, { keys }: ReplayPorts): Buffer {
  const seals = body.toString('utf8').split('\n').filter(Boolean);
  return Buffer.concat(seals.map((seal) => unseal(seal, keys)));
}
