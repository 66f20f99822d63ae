import { join } from 'node:path';
import { loadContracts } from '@tributary/platform/contracts';
import type { Component } from '../supervisor/component.ts';
import { answers } from './http-probe.ts';
import { nodeService } from './node-service.ts';

/** Takes Debezium's batches, checks and protects them, and publishes. */
export const bridge: Component = nodeService({
  name: 'bridge',
  needs: ['kafka', 'minio'],
  program: 'run-services/debezium-bridge/src/main.ts',
  summary: 'Debezium bridge',
  heapMb: 384,
});

/** Debezium's embedded engine; in the cloud it shares the bridge's instance. */
export const debeziumEngine: Component = {
  name: 'debezium-engine',
  needs: ['postgres', 'bridge'],
  ports: ['debezium-engine'],
  stop: { signal: 'SIGTERM', graceSeconds: 10 },
  readyWithinSeconds: 90,
  async prepare() {},
  start(machine) {
    const tables = [...loadContracts().values()].map((contract) => `${contract.table.schema}.${contract.table.name}`);
    return {
      command: machine.tools.java,
      args: ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-jar', machine.tools.engineJar],
      env: {
        BRIDGE_URL: `http://127.0.0.1:${machine.port('bridge')}/batches`,
        TABLE_INCLUDE_LIST: tables.join(','),
        HEARTBEAT_MS: '1000',
        HEALTH_PORT: String(machine.port('debezium-engine')),
      },
      cwd: join(machine.state),
    };
  },
  ready: (machine) => answers(`http://127.0.0.1:${machine.port('debezium-engine')}/healthz`),
  describe: () => ({ summary: 'Debezium engine, follows the write-ahead log' }),
};
