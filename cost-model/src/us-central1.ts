import type { Evidence, Price, PriceList } from './price.ts';

const READ = '2026-11-21';

const price = (dollars: number, unit: string, source: string, evidence: Evidence): Price => ({
  dollars,
  unit,
  source,
  evidence,
  read: READ,
});

const SQL = 'https://cloud.google.com/sql/pricing';
const RUN = 'https://cloud.google.com/run/pricing';
const DATAFLOW = 'https://cloud.google.com/dataflow/pricing';
const STORAGE = 'https://cloud.google.com/storage/pricing';
const BIGQUERY = 'https://cloud.google.com/bigquery/pricing';
const REDIS = 'https://cloud.google.com/memorystore/docs/redis/pricing';
const OBSERVABILITY = 'https://cloud.google.com/stackdriver/pricing';

/** Iowa, the region that Google's examples and ours use, and one of its cheapest. */
export const US_CENTRAL1: PriceList = {
  region: 'us-central1',
  prices: {
    // Enterprise edition, one zone; a regional (highly available) instance is billed for both of its machines and disks.
    databaseVcpu: price(0.0413, 'vCPU-hour', SQL, 'third party'),
    databaseMemory: price(0.007, 'GiB-hour', SQL, 'third party'),
    databaseStorage: price(0.17, 'GiB-month, SSD', SQL, 'from memory'),
    databaseBackup: price(0.08, 'GiB-month', SQL, 'from memory'),
    // “Instance-based billing”, also that of jobs; “request-based billing”, also that of functions.
    alwaysOnVcpu: price(0.000018, 'vCPU-second', RUN, 'official copy'),
    alwaysOnMemory: price(0.000002, 'GiB-second', RUN, 'from memory'),
    requestVcpu: price(0.000024, 'vCPU-second', RUN, 'official copy'),
    requestMemory: price(0.0000025, 'GiB-second', RUN, 'third party'),
    requests: price(0.4, 'million requests', RUN, 'third party'),
    // Publishing counts once, and so does each subscription's delivery.
    busThroughput: price(40, 'TiB published or delivered', 'https://cloud.google.com/pubsub/pricing', 'official copy'),
    dataflowVcpu: price(0.069, 'vCPU-hour, streaming', DATAFLOW, 'from memory'),
    dataflowMemory: price(0.003557, 'GiB-hour, streaming', DATAFLOW, 'from memory'),
    dataflowStreamed: price(0.018, 'GiB through Streaming Engine', DATAFLOW, 'from memory'),
    dataflowDisk: price(0.000054, 'GiB-hour, standard disk', DATAFLOW, 'from memory'),
    objectStorage: price(0.02, 'GiB-month, Standard', STORAGE, 'official copy'),
    objectWrites: price(5, 'million class A operations', STORAGE, 'official copy'),
    objectReads: price(0.4, 'million class B operations', STORAGE, 'official copy'),
    // Logical bytes of tables changed within 90 days; older ones are half of it, which the model leaves out.
    warehouseStorage: price(0.02, 'GiB-month, active logical', BIGQUERY, 'third party'),
    warehouseQueries: price(6.25, 'TiB billed, on demand', BIGQUERY, 'third party'),
    // Standard tier, with a replica in another zone, by capacity: up to 4, 10, 35 and 100 GiB.
    redisSmall: price(0.064, 'GiB-hour, up to 4 GiB', REDIS, 'from memory'),
    redisMedium: price(0.054, 'GiB-hour, 5 to 10 GiB', REDIS, 'from memory'),
    redisLarge: price(0.046, 'GiB-hour, 11 to 35 GiB', REDIS, 'from memory'),
    redisHuge: price(0.038, 'GiB-hour, above 35 GiB', REDIS, 'from memory'),
    logs: price(0.5, 'GiB taken in', OBSERVABILITY, 'official copy'),
    metricSamples: price(0.06, 'million samples', OBSERVABILITY, 'third party'),
    zoneTransfer: price(0.01, 'GiB between zones', 'https://cloud.google.com/vpc/network-pricing', 'from memory'),
    schedulerJob: price(0.1, 'job-month', 'https://cloud.google.com/scheduler/pricing', 'official copy'),
    secretVersion: price(0.06, 'version-month', 'https://cloud.google.com/secret-manager/pricing', 'official copy'),
    imageStorage: price(0.1, 'GiB-month', 'https://cloud.google.com/artifact-registry/pricing', 'from memory'),
  },
};
