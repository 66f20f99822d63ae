import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DataflowLauncher, type DataflowSettings, dataflowJobName } from './dataflow.ts';
import { FlinkLauncher, flinkJobId } from './flink.ts';

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

describe('a batch launch on Flink', () => {
  const calls: Call[] = [];
  /** States of the cluster's jobs, by id. */
  const jobs = new Map<string, string>();
  let refusal: string | undefined;
  let server: Server;
  let launcher: FlinkLauncher;

  beforeEach(async () => {
    calls.length = 0;
    jobs.clear();
    refusal = undefined;
    server = createServer(async (request, response) => {
      const body = request.method === 'POST' ? ((await json(request)) as { jobId: string }) : undefined;
      calls.push({ method: request.method!, path: request.url!, body });
      const answer = (status: number, content: object) => response.writeHead(status).end(JSON.stringify(content));
      if (body && refusal) return answer(500, { errors: ['Internal server error.', refusal] });
      if (body) {
        jobs.set(body.jobId, 'RUNNING');
        return answer(200, { jobid: body.jobId });
      }
      const state = jobs.get(request.url!.replace('/jobs/', ''));
      return state ? answer(200, { state }) : answer(404, { errors: ['Job could not be found'] });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const restUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    launcher = new FlinkLauncher({ restUrl, jarId: 'pipeline.jar' }, { lake: 's3://lake', streaming: 'true' });
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const launches = () => calls.filter((call) => call.method === 'POST');

  test('is submitted with a job id of its own, and the arguments of the launch win', async () => {
    const id = await launcher.launchBatch('landing-1', { streaming: 'false', input: 's3://landing/a b.csv' });
    expect(id).toBe(flinkJobId('landing-1'));
    expect(launches()).toEqual([
      {
        method: 'POST',
        path: '/jars/pipeline.jar/run',
        body: {
          jobId: id,
          programArgsList: expect.arrayContaining([
            '--runner=FlinkRunner',
            '--jobName=landing-1',
            '--lake=s3://lake',
            '--streaming=false',
            '--input=s3://landing/a b.csv',
          ]),
        },
      },
    ]);
  });

  test('happens once, whatever became of it', async () => {
    const id = await launcher.launchBatch('landing-1', {});
    for (const [flink, state] of [
      ['RUNNING', 'running'],
      ['FINISHED', 'succeeded'],
      ['FAILED', 'failed'],
      ['CANCELED', 'failed'],
    ] as const) {
      jobs.set(id, flink);
      expect(await launcher.launchBatch('landing-1', {})).toBe(id);
      expect(await launcher.state(id)).toBe(state);
    }
    expect(launches()).toHaveLength(1);
    jobs.clear();
    expect(await launcher.state(id)).toBe('unknown');
  });

  test('that Flink refuses says why in one line, without the arguments', async () => {
    refusal = 'org.apache.Stack\n\tat somewhere\nCaused by: java.lang.IllegalArgumentException: no such option\n\tat x';
    const launch = launcher.launchBatch('landing-1', { secret: 'hidden' });
    await expect(launch).rejects.toMatchObject({ code: 'JOBS_UNAVAILABLE' });
    await expect(launch).rejects.toThrow(/Caused by: java\.lang\.IllegalArgumentException: no such option/);
    await expect(launch).rejects.not.toThrow(/hidden|somewhere/);
  });

  test('to a cluster that is away is a passing fault', async () => {
    const away = new FlinkLauncher({ restUrl: 'http://127.0.0.1:9', jarId: 'x' }, {});
    await expect(away.launchBatch('a', {})).rejects.toMatchObject({ code: 'JOBS_UNAVAILABLE', class: 'transient' });
  });
});

describe('a batch launch on Dataflow', () => {
  const settings = {
    ...{ projectId: 'my-project', location: 'us-central1', template: 'gs://templates/pipeline.json' },
    serviceAccount: 'workers@my-project.iam.gserviceaccount.com',
    subnetwork: 'regions/us-central1/subnetworks/private',
    tempLocation: 'gs://artifacts/temp',
  };
  const parent = 'https://dataflow.googleapis.com/v1b3/projects/my-project/locations/us-central1';

  /** Dataflow, as far as launching needs it: one active job of a name. */
  function fakeDataflow(more: Partial<DataflowSettings> = {}) {
    const jobs: { id: string; name: string; currentState: string }[] = [];
    const requests: { url: string; method: string; data?: unknown }[] = [];
    const request = async ({
      url,
      method,
      data,
    }: {
      url: string;
      method: string;
      data?: { launchParameter: { jobName: string } };
    }) => {
      requests.push({ url, method, ...(data ? { data } : {}) });
      if (method === 'POST') {
        const name = data!.launchParameter.jobName;
        if (jobs.some((job) => job.name === name))
          return { status: 409, data: { error: { message: 'already active' } } };
        const job = { id: `job-${jobs.length + 1}`, name, currentState: 'JOB_STATE_RUNNING' };
        jobs.push(job);
        return { status: 200, data: { job } };
      }
      if (url.includes('?name='))
        return { status: 200, data: { jobs: jobs.filter(({ name }) => url.endsWith(`=${name}`)) } };
      const job = jobs.find(({ id }) => url.endsWith(`/jobs/${id}`));
      return job ? { status: 200, data: job } : { status: 404, data: { error: { message: 'not found' } } };
    };
    const launcher = new DataflowLauncher({ ...settings, ...more }, { lake: 'gs://lake' }, { request } as never);
    return { jobs, requests, launcher };
  }

  test('starts the template under a name of its own', async () => {
    const { launcher, requests } = fakeDataflow();
    expect(await launcher.launchBatch('landing/1', { input: 'gs://landing/a.csv' })).toBe('job-1');
    expect(requests.at(-1)).toEqual({
      url: `${parent}/flexTemplates:launch`,
      method: 'POST',
      data: {
        launchParameter: {
          jobName: dataflowJobName('landing/1'),
          containerSpecGcsPath: settings.template,
          parameters: { lake: 'gs://lake', input: 'gs://landing/a.csv' },
          environment: {
            serviceAccountEmail: 'workers@my-project.iam.gserviceaccount.com',
            subnetwork: 'regions/us-central1/subnetworks/private',
            ipConfiguration: 'WORKER_IP_PRIVATE',
            tempLocation: 'gs://artifacts/temp',
            stagingLocation: 'gs://artifacts/temp/staging',
          },
        },
      },
    });
  });

  test('leaves to the project what nobody decided', async () => {
    const { launcher, requests } = fakeDataflow({
      serviceAccount: undefined,
      subnetwork: undefined,
      tempLocation: undefined,
    });
    await launcher.launchBatch('landing/1', {});
    const { launchParameter } = requests.at(-1)!.data as { launchParameter: { environment: object } };
    expect(launchParameter.environment).toEqual({});
  });

  test('happens once, also when two start it at the same time', async () => {
    const { launcher, jobs } = fakeDataflow();
    const ids = await Promise.all([launcher.launchBatch('a', {}), launcher.launchBatch('a', {})]);
    jobs[0]!.currentState = 'JOB_STATE_DONE';
    ids.push(await launcher.launchBatch('a', {}));
    expect(new Set(ids)).toEqual(new Set(['job-1']));
    expect(await launcher.state('job-1')).toBe('succeeded');
    expect(await launcher.state('job-9')).toBe('unknown');
  });

  test.each(['landing/orders/2026.csv#1795240667791', '---', 'Ä', 'x'.repeat(300)])(
    'has a legal name: %s',
    (launchId) => {
      expect(dataflowJobName(launchId)).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
    },
  );
});
