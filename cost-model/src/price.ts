/**
 * How well a price is known. Nobody could open Google's price list where this was written, so each says which copy of it was read:
 * `official copy` – a stored copy of Google's own page had the figure;
 * `third party` – a stored page of somebody else quotes it;
 * `from memory` – the list price as published at `source`, not verified offline.
 */
export type Evidence = 'official copy' | 'third party' | 'from memory';

/** A list price in US dollars, without taxes, credits, commitments or negotiated discounts. */
export interface Price {
  readonly dollars: number;
  /** Of what, such as `GiB-month`. */
  readonly unit: string;
  /** Where Google publishes it. */
  readonly source: string;
  readonly evidence: Evidence;
  /** When the stored copy, or the memory, was consulted; ISO day. */
  readonly read: string;
}

/** Every price that the model needs in one region. */
export interface PriceList {
  readonly region: string;
  readonly prices: Readonly<Record<PriceName, Price>>;
}

export const PRICE_NAMES = [
  'databaseVcpu',
  'databaseMemory',
  'databaseStorage',
  'databaseBackup',
  'alwaysOnVcpu',
  'alwaysOnMemory',
  'requestVcpu',
  'requestMemory',
  'requests',
  'busThroughput',
  'dataflowVcpu',
  'dataflowMemory',
  'dataflowStreamed',
  'dataflowDisk',
  'objectStorage',
  'objectWrites',
  'objectReads',
  'warehouseStorage',
  'warehouseQueries',
  'redisSmall',
  'redisMedium',
  'redisLarge',
  'redisHuge',
  'logs',
  'metricSamples',
  'zoneTransfer',
  'schedulerJob',
  'secretVersion',
  'imageStorage',
] as const;
export type PriceName = (typeof PRICE_NAMES)[number];
