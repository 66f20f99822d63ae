import type { Found, Place } from '../place.ts';
import type { ErasePorts } from '../ports.ts';
import { judgeDropped, mayName } from './file-verdict.ts';

/** `landing/<dataset>/<file>` */
const LANDED = /^landing\/(?<dataset>[^/]+)\/(?<file>.+)$/;

/** The gate takes none that is larger unpacked; it goes to quarantine. great_expectations/gates/landed_rows.py */
const MAX_BYTES = 512 * 1024 * 1024;

type Ports = Pick<ErasePorts, 'lake' | 'landingBucket' | 'contracts' | 'mappings'>;

/**
 * Files that wait in `landing/`, or were given up. They are counted and left: they are whoever's dropped them, and their lines of the person are dropped when
 * they are ingested. But they are a sign that there is such a person. A text file that is damaged,
 * or what is too large, is never ingested; of Parquet packed with other than snappy nobody can tell here (docs/runbooks/erasure.md).
 */
export function landing(ports: Ports): Place {
  const { lake, landingBucket } = ports;
  return {
    name: 'files in landing',
    async look(ownership): Promise<Found> {
      let [found, guessed] = [0, 0];
      const notes: string[] = [];
      for await (const { name, size } of lake.list(landingBucket, 'landing/')) {
        const { dataset, file } = LANDED.exec(name)?.groups ?? {};
        if (dataset === undefined || file === undefined || !mayName(ownership, dataset, ports) || size > MAX_BYTES)
          continue;
        const stored = await lake.read(landingBucket, name);
        const verdict = stored && (await judgeDropped(dataset, file, stored.body, ownership, ports));
        if (verdict?.kind !== 'theirs') continue;
        found += verdict.records;
        guessed += verdict.guessed;
        notes.push(
          `${name} holds them and waits in landing/: their lines are dropped when it is ingested; remove it if it was given up`,
        );
      }
      return { found, removed: 0, guessed, notes };
    },
  };
}
