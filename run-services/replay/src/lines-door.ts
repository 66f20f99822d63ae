import type { Door, Passage } from './door.ts';

/**
 * A line of a batch file stays where it is: a row's id and rank come from file, generation and line, and a line that came in again by another file would beat
 * rows that are newer than it.
 */
export const linesDoor: Door = ({ source, stream }): Passage => ({
  kind: 'final',
  why: `line ${String(source?.line)} of ${String(source?.uri)} takes its rank from its file; drop a file with the line as it should be at landing/${stream}/`,
});
