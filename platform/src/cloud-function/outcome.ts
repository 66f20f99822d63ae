import { count, flushMetrics, measure } from '../metrics/index.ts';

/** `ok`: dealt with. `refused`: 4xx, to send it again is of no use. `again`: come back later. `failed`: a fault of ours. */
export type Outcome = 'ok' | 'refused' | 'again' | 'failed';

/** Of an HTTP status. */
export function outcomeOf(status: number): Outcome {
  if (status < 400) return 'ok';
  // These ask to come back.
  if (status === 429 || status === 503 || status === 504) return 'again';
  return status < 500 ? 'refused' : 'failed';
}

/** Takes what became of a request, and its error's code. */
export type OutcomeRecorder = (outcome: Outcome, code?: string) => Promise<void>;

/**
 * Measures one request, from now to when its outcome is told. Tell it before the answer and wait for it: after the answer a function may have no processor
 * left to export with.
 */
export function outcomeRecorder(name: string): OutcomeRecorder {
  const begun = performance.now();
  return async (outcome, code = '') => {
    count('tributary.function.events', 1, { function: name, outcome, code });
    measure('tributary.function.duration', (performance.now() - begun) / 1_000, { function: name, outcome });
    await flushMetrics();
  };
}
