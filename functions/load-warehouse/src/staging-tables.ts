import { type CompiledContract, stagingColumns } from '@tributary/platform/contracts';
import type { LiveContracts } from '@tributary/platform/live-contracts';
import type { Warehouse } from '@tributary/platform/warehouse';

export interface StagingTablePorts {
  readonly contracts: Pick<LiveContracts, 'fresh'>;
  readonly warehouse: Pick<Warehouse, 'ensureStaging'>;
}

/**
 * Keeps `staging.<stream>` at the contract in force, so that files with a new nullable column load without anybody migrating.
 *
 * The contract decides what a column is, not the file (which cannot tell JSON from text), so tables are altered before they are loaded. A file may still be
 * ahead, when the pipeline read a changed contract first: a load that is refused is tried again if looking once more brought the table further.
 */
export class StagingTables {
  readonly #ports: StagingTablePorts;
  readonly #ensured = new Map<string, CompiledContract>();
  /** Streams whose table was looked after since their last refusal. */
  readonly #mended = new Set<string>();

  constructor(ports: StagingTablePorts) {
    this.#ports = ports;
  }

  /** @throws {UserError} WAREHOUSE_SCHEMA_CONFLICT where the contract gives a column another type than it has. */
  async ensure(stream: string, options: { readonly force?: boolean } = {}): Promise<void> {
    const contract = (await this.#ports.contracts.fresh(options)).get(stream);
    if (!contract || this.#ensured.get(stream) === contract) return;
    await this.#ports.warehouse.ensureStaging(contract);
    this.#ensured.set(stream, contract);
    this.#mended.add(stream);
  }

  /** The columns that the table has. */
  async columns(stream: string): Promise<string[]> {
    await this.ensure(stream);
    return stagingColumns(this.#ensured.get(stream)!).map(({ name }) => name);
  }

  /** Whether a refused load may go well now: the table was looked after and no load was refused since. */
  async mend(stream: string): Promise<boolean> {
    await this.ensure(stream, { force: true });
    return this.#mended.delete(stream);
  }
}
