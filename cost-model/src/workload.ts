/**
 * What the bill depends on. Everything but `eventsPerSecond` has a default; each says whether it was measured here or is an assumption to replace with a
 * figure of one's own.
 */
export interface Workload {
  /** Changes of rows, around the clock. A shop that sleeps at night has a lower average than its peak. */
  readonly eventsPerSecond: number;
  /** Of one change on the bus. Measured: 540 bytes of JSON (bench/README.md); about 350 of attributes, keys and Pub/Sub's own. */
  readonly messageBytes: number;
  /** Assumption: two of three events reach a windowed view. */
  readonly featureRowsPerEvent: number;
  /** Assumption, from the form of docs/interfaces.md#bus: a row with six features and its attributes. */
  readonly featureRowBytes: number;
  /** Assumption: a message of 540 bytes in snappy Parquet, with its attributes. */
  readonly rawFileBytesPerEvent: number;
  /** Assumption: a row of a dozen columns in snappy Parquet. */
  readonly processedFileBytesPerEvent: number;
  /** Assumption: the same row as BigQuery bills it, uncompressed, with the metadata columns. */
  readonly warehouseBytesPerEvent: number;
  /** What a mart's models and the gate over staging read of those. Assumption: the columns they name are two fifths of a row, read by both. */
  readonly scannedShare: number;
  /** Streams with a contract. Here: five. */
  readonly streams: number;
  /** How much history has piled up; contracts keep files for 400 days, and staging for ever. */
  readonly historyDays: number;
  /** `flushSeconds` of the pipeline. */
  readonly flushSeconds: number;
  /** `FEATURES_DELIVERY`: whether Pub/Sub pushes feature rows, one a request, or feast-server pulls them, many at a time. */
  readonly featuresDelivery: 'push' | 'pull';
  /** How Cloud Run bills feast-server: while requests are at work and for each of them, or for its instances' life. `cpu_always` of terraform/deployables.yaml. */
  readonly serverBilling: 'requests' | 'instances';
  /** Requests for features. */
  readonly readsPerSecond: number;
  /** Customers, products and the like with a hash in Redis. */
  readonly entities: number;
  /** Assumption: three views of a dozen features each take this in Redis, with its own overhead. */
  readonly onlineBytesPerEntity: number;
  /** Runs of transform, gates and materialize that fit into an hour where data comes all the time. Assumption: each round takes about five minutes. */
  readonly chainRunsPerHour: number;
  /** `DAILY_BYTES_BUDGET`, at which required work stops. */
  readonly dailyBytesBudget: number;
  /** Minutes between two sweeps. */
  readonly sweepMinutes: number;
  /** Whether Postgres is to be paid too, or is there already. */
  readonly withDatabase: boolean;
}

/**
 * The workload at a rate, with defaults for everything that is not said.
 *
 * Reads and entities follow the rate: one request for ten events, and a thousand entities for each event a second, so that one of them is heard of every quarter of an hour.
 */
export function workloadOf({
  eventsPerSecond,
  ...said
}: Pick<Workload, 'eventsPerSecond'> & Partial<Workload>): Workload {
  return {
    eventsPerSecond,
    messageBytes: 900,
    featureRowsPerEvent: 0.66,
    featureRowBytes: 650,
    rawFileBytesPerEvent: 300,
    processedFileBytesPerEvent: 100,
    warehouseBytesPerEvent: 350,
    scannedShare: 0.4,
    streams: 5,
    historyDays: 30,
    flushSeconds: 60,
    featuresDelivery: 'push',
    serverBilling: 'instances',
    readsPerSecond: eventsPerSecond / 10,
    entities: eventsPerSecond * 1000,
    onlineBytesPerEntity: 1500,
    chainRunsPerHour: 12,
    dailyBytesBudget: 2 ** 40,
    sweepMinutes: 5,
    withDatabase: true,
    ...said,
  };
}
