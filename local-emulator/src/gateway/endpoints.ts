import { readStatus } from '../supervisor/status-file.ts';

/** Something of ours that speaks HTTP. */
export interface Endpoint {
  readonly name: string;
  readonly origin: string;
  readonly state: string;
  readonly what: string;
  /** A path that is good to ask first. */
  readonly probe: string;
}

/** What is passed on to, by component. Databases, brokers and consoles are none of ours: they have addresses of their own. */
const PROBES: readonly (readonly [RegExp, string])[] = [
  [/^feast-server$/, '/health'],
  [/^warehouse-api$/, '/queries'],
  [/^bridge$/, '/healthz'],
  [/^metrics$/, '/metrics'],
  [/^function-/, '/health'],
];

/** The endpoints of an instance, whatever state they are in; undefined where no instance has that folder. */
export function endpointsOf(state: string): Endpoint[] | undefined {
  const status = readStatus(state);
  return status?.components.flatMap(({ name, url, state: its, summary }) => {
    const probe = PROBES.find(([pattern]) => pattern.test(name))?.[1];
    return url && probe ? [{ name, origin: new URL(url).origin, state: its, what: summary, probe }] : [];
  });
}
