import type { Incident, OpenIncident } from '@tributary/platform/incidents';
import type { GateRequest } from './request.ts';
import { objectOf } from './request.ts';
import { type Check, type Gate, type GateResult, isFailing } from './result.ts';

export const RUNBOOK = 'quality-gate-failed';
/** The incident of gates of the warehouse that could not look at all. */
const COULD_NOT_LOOK = 'gate:warehouse';

const STAGING = 'gate:staging:staging.';

/** Sample rows told of one asset. */
const MAX_SAMPLES = 5;
/** Failing expectations told of one asset; `ops.quality_results` has them all. */
const MAX_FAILING = 20;

/** Which streams each view is made from, as dbt's graph says; empty where dbt has not run yet. */
export type Dependencies = Readonly<Record<string, readonly string[]>>;

/** One for each asset that failed, with what it does not meet and a few rows that show it. */
export function incidentsOf(result: GateResult, request: GateRequest, dependencies: Dependencies): Incident[] {
  if (result.error) {
    return [{ name: couldNotLook(request), ...result.error, views: request.views, runbook: RUNBOOK }];
  }
  return result.assets
    .filter(({ passed }) => !passed)
    .map(({ gate, name }) => {
      const asset = assetOf(gate, name, request);
      const failing = result.checks.filter((check) => check.asset === asset && isFailing(check));
      return {
        name: incidentOf(gate, asset),
        code: 'GATE_FAILED',
        message: `${asset} does not meet ${failing[0]?.expectation}${failing.length > 1 ? ` and ${failing.length - 1} more` : ''}.`,
        streams: gate === 'staging' ? [name] : request.gate === 'landing' ? request.streams : [],
        views: keptBack(gate, name, request, dependencies),
        counts: { failing: failing.length },
        runbook: RUNBOOK,
        detail: {
          gate,
          asset,
          failing: failing.slice(0, MAX_FAILING).map(withoutSamples),
          samples: failing.flatMap(samplesOf).slice(0, MAX_SAMPLES),
        },
      };
    });
}

/**
 * What is told of the end of an incident; undefined where the run did not look at what it is about. Of a stream that nobody declares any more it is over:
 * nothing will look at it again, and no view is made from it.
 */
export function endOf(
  { incident }: OpenIncident,
  result: GateResult,
  request: GateRequest,
  declared: { has(stream: string): boolean },
): Readonly<Record<string, unknown>> | undefined {
  if (result.error) return undefined;
  if (incident.startsWith(STAGING) && !declared.has(incident.slice(STAGING.length))) return {};
  if (incident === COULD_NOT_LOOK) return {};
  const passed = result.assets.find(
    ({ gate, name, passed }) => passed && incidentOf(gate, assetOf(gate, name, request)) === incident,
  );
  if (!passed) return undefined;
  // What was kept back may have been made before the rows were mended: it has to be made again before it can go online.
  return passed.gate === 'staging' ? { rebuild: true } : {};
}

/** Streams whose staging gate is failing: a run looks at them too, whether or not they changed, for views may be made from them. */
export function failingStreams(open: readonly OpenIncident[]): string[] {
  return open.flatMap(({ incident }) => (incident.startsWith(STAGING) ? [incident.slice(STAGING.length)] : []));
}

/** By which checks and incidents name what was looked at: a table, or a file by its name in the bucket. */
export function assetOf(gate: Gate, name: string, request: GateRequest): string {
  if (gate === 'landing') return objectOf(request.object!).name;
  return `${gate === 'staging' ? 'staging' : 'marts'}.${name}`;
}

export function incidentOf(gate: Gate, asset: string): string {
  return `gate:${gate}:${asset}`;
}

/** A file that could not be looked at is its own affair, and the next of its name may pass. */
export function couldNotLook(request: GateRequest): string {
  return request.gate === 'landing' ? incidentOf('landing', assetOf('landing', '', request)) : COULD_NOT_LOOK;
}

function keptBack(gate: Gate, name: string, request: GateRequest, dependencies: Dependencies): readonly string[] {
  if (gate === 'features') return [name];
  if (gate === 'landing') return [];
  const views = [...new Set([...Object.keys(dependencies), ...request.views])];
  return views.filter((view) => dependencies[view]?.includes(name) ?? true);
}

function withoutSamples({ expectation, detail }: Check): object {
  const { samples: _, ...rest } = detail;
  return { expectation, detail: rest };
}

function samplesOf({ expectation, detail }: Check): object[] {
  const { samples } = detail;
  return Array.isArray(samples) ? samples.map((row: object) => ({ expectation, row })) : [];
}
