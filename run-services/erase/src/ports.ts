import type { ManagedBus } from '@tributary/platform/bus';
import type { Contracts, Mappings } from '@tributary/platform/contracts';
import type { Lake } from '@tributary/platform/lake';
import type { PiiKeys } from '@tributary/platform/pii';
import type { RewritePorts } from '@tributary/platform/rewrites';
import type { Warehouse } from '@tributary/platform/warehouse';
import type { Redis } from 'ioredis';

/** What an erasure works with. */
export interface ErasePorts {
  readonly lake: Lake;
  readonly lakeBucket: string;
  readonly landingBucket: string;
  readonly bus: ManagedBus;
  readonly warehouse: Warehouse;
  /** The online store; a client of the store itself, for rows of views that no registry knows any more are to go as well. */
  readonly redis: Redis;
  readonly rewrites: RewritePorts;
  /** Arguments that every run of the pipeline has. */
  readonly pipelineArgs: Readonly<Record<string, string>>;
  readonly contracts: Contracts;
  readonly mappings: Mappings;
  readonly keys: PiiKeys;
  /** Told as it goes on. */
  readonly progress: (message: string) => void;
}
