import { createBus } from '@tributary/platform/bus';
import { serveEvents } from '@tributary/platform/cloud-function';
import { readConfig } from '@tributary/platform/config';
import { loadContracts, loadMappings } from '@tributary/platform/contracts';
import { createJobs, createPipelineLauncher } from '@tributary/platform/jobs';
import { createLake } from '@tributary/platform/lake';
import { contractsLocation } from '@tributary/platform/live-contracts';
import { loadPiiKeys } from '@tributary/platform/pii';
import { datasetsOf } from './datasets.ts';
import { landingHandler } from './handler.ts';

/** Takes files that people drop in the landing bucket into the lake. */
serveEvents('ingest-landing', () => {
  const { lake, bus, jobs, pipeline, pii } = readConfig('lake', 'bus', 'jobs', 'pipeline', 'pii');
  const scheme = lake.adapter === 'minio' ? 's3' : 'gs';
  return landingHandler({
    lake: createLake(lake),
    lakeBucket: lake.lakeBucket,
    landingBucket: lake.landingBucket,
    bus: createBus(bus),
    jobs: createJobs(jobs),
    launcher: createPipelineLauncher(pipeline, lake, contractsLocation({ sharesFiles: pipeline.launcher === 'flink' })),
    piiKeys: loadPiiKeys(pii.keysFile),
    piiKeysFile: pipeline.launcher === 'dataflow' ? pipeline.piiKeysFile : pii.keysFile,
    datasets: datasetsOf(loadContracts(), loadMappings()),
    inputUri: (bucket, name) => `${scheme}://${bucket}/${name}`,
  });
});
