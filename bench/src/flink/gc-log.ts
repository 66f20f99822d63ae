/** What a run's garbage collections say. */
export interface GcSummary {
  /** The most heap in use right after a collection: close to what is really needed, where the process's size is what was free to be taken. */
  readonly peakLiveMb: number;
  readonly pauseSeconds: number;
}

/** `[12.3s][info][gc] GC(7) Pause Young (Allocation Failure) 812M->201M(1024M) 12.345ms` */
const PAUSE = /Pause .*?\d+M->(\d+)M\(\d+M\) ([\d.]+)ms/g;

/** Reads the log of `-Xlog:gc`. */
export function summarizeGc(log: string): GcSummary {
  let peakLiveMb = 0;
  let milliseconds = 0;
  for (const [, after, pause] of log.matchAll(PAUSE)) {
    peakLiveMb = Math.max(peakLiveMb, Number(after));
    milliseconds += Number(pause);
  }
  return { peakLiveMb, pauseSeconds: milliseconds / 1_000 };
}
