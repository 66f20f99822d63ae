import { empty, json, type Reply } from '../http/reply.ts';
import type { Handler } from '../http/router.ts';

/** What readiness depends on; each is looked at when it is asked for. */
export interface Readiness {
  readonly isDraining: () => boolean;
  readonly isStoreReady: () => boolean;
}

export interface Probes {
  /** As Feast's server: 200 without content while there is a registry, which there always is once this process listens. */
  readonly health: Handler;
  /** Whether the process is alive; says nothing of Redis, for a restart of ours does not mend it. */
  readonly live: Handler;
  /** Whether requests should come here: not while Redis is away, nor once this process ends. */
  readonly ready: Handler;
}

const OK: Reply = json(200, { status: 'ok' });

export function createProbes({ isDraining, isStoreReady }: Readiness): Probes {
  return {
    health: () => empty(200),
    live: () => OK,
    ready: () => {
      if (isDraining()) return json(503, { status: 'draining' });
      return isStoreReady() ? OK : json(503, { status: 'online store away' });
    },
  };
}
