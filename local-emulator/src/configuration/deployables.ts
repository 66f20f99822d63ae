import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SectionName, VariableDeclaration } from '@tributary/platform/config';
import { VARIABLES } from '@tributary/platform/config';
import { UserError } from '@tributary/platform/errors';
import { parse } from 'yaml';
import { z } from 'zod';
import { VARIABLES as DBT } from '../../../dbt/job/src/settings.ts';
import { VARIABLES as LOAD_WAREHOUSE } from '../../../functions/load-warehouse/src/settings.ts';
import { VARIABLES as WAREHOUSE_API } from '../../../functions/warehouse-api/src/settings.ts';
import { SERVICE_VARIABLES as SEEDER } from '../../../run-services/seeder/src/config.ts';
import { ROOT } from '../instance/machine.ts';

type Declarations = Readonly<Record<string, VariableDeclaration>>;

/** What a deployable reads. */
export interface Reads {
  readonly sections: readonly SectionName[];
  /** Besides: what is no section's, and what only it reads. */
  readonly own: Declarations;
  /** A page that tells of more. */
  readonly more?: string;
}

const tableSchema = z.looseObject({
  deployables: z.record(z.string(), z.looseObject({ config: z.array(z.string()).optional() })),
});

/** What the table of deployables calls a section and readConfig does not. */
const OTHER: Readonly<Record<string, { readonly sections: readonly SectionName[]; readonly own: Declarations }>> = {
  common: { sections: ['project'], own: { LOG_LEVEL: VARIABLES.LOG_LEVEL } },
  contracts: { sections: [], own: { CONTRACTS: VARIABLES.CONTRACTS } },
};

const OWN: Readonly<Record<string, Declarations>> = {
  dbt: DBT,
  'load-warehouse': LOAD_WAREHOUSE,
  seeder: SEEDER,
  'warehouse-api': WAREHOUSE_API,
};

const MORE: Readonly<Record<string, string>> = {
  'feast-server': 'run-services/feast-server/README.md#configuration',
};

/**
 * What each deployable reads, by the sections that terraform/deployables.yaml lists for it. The pipeline has none: it takes options, not variables.
 */
export function configurationOfDeployables(): ReadonlyMap<string, Reads> {
  const { deployables } = tableSchema.parse(parse(readFileSync(join(ROOT, 'terraform', 'deployables.yaml'), 'utf8')));
  return new Map(
    Object.entries(deployables).flatMap(([name, { config }]) => (config ? [[name, readsOf(name, config)]] : [])),
  );
}

/** @throws {UserError} DEPLOYABLE_UNKNOWN, with those there are */
export function configurationOf(deployable: string): Reads {
  const all = configurationOfDeployables();
  const reads = all.get(deployable);
  if (!reads)
    throw new UserError(
      'DEPLOYABLE_UNKNOWN',
      `There is no deployable "${deployable}" that reads variables; there are ${[...all.keys()].join(', ')}.`,
    );
  return reads;
}

function readsOf(name: string, config: readonly string[]): Reads {
  const parts = config.map((section) => OTHER[section] ?? { sections: [section as SectionName], own: {} });
  return {
    sections: parts.flatMap(({ sections }) => sections),
    own: Object.assign({}, ...parts.map(({ own }) => own), OWN[name]),
    ...(MORE[name] ? { more: MORE[name] } : {}),
  };
}
