import { chainMessage, digestId } from '@tributary/platform/events';
import { type Incident, Incidents } from '@tributary/platform/incidents';
import { streamsOf } from './datasets.ts';
import type { LandingFile } from './landing-file.ts';
import type { LandingPorts } from './ports.ts';

type File = Pick<LandingFile, 'dataset' | 'name'> & { readonly runId: string; readonly traceparent: string };

/** Tells that a dropped file could not be ingested. It is open until a file of its name is. */
export async function raiseIncident(
  ports: LandingPorts,
  file: File & { readonly cause?: string },
  { code, message, runbook, counts, detail }: Pick<Incident, 'code' | 'message' | 'runbook' | 'counts' | 'detail'>,
): Promise<void> {
  const incident: Incident = {
    name: `landing:${file.name}`,
    streams: streamsOf(ports.datasets, file.dataset),
    ...{ code, message, runbook },
    ...(counts ? { counts } : {}),
    ...(detail ? { detail } : {}),
  };
  await settle(ports, file, [incident]);
}

/** Tells that a file was ingested whose name had an incident; says nothing where it had none. */
export function clearIncident(ports: LandingPorts, file: File): Promise<void> {
  return settle(ports, file, []);
}

function settle(ports: LandingPorts, file: File & { readonly cause?: string }, failing: readonly Incident[]) {
  // An owner each, so that what an ingestion costs does not grow with the files that wait for their owners.
  const incidents = new Incidents(ports.lake, ports.lakeBucket, `ingest-landing/${digestId([file.name])}`);
  return incidents.settle(
    failing,
    () => ({}),
    file,
    (events) => ports.bus.publish('chain', events.map(chainMessage)),
  );
}
