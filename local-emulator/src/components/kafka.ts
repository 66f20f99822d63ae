import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureTopics } from '@tributary/platform/bus';
import { readConfigFrom } from '@tributary/platform/config';
import { execa } from 'execa';
import { Kafka, logLevel } from 'kafkajs';
import type { Component, Machine } from '../supervisor/component.ts';

const QUIET = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';

/** Any 16 bytes in base64; one cluster never meets another. */
const CLUSTER_ID = 'dHJpYnV0YXJ5LWxvY2FsLTE';
const FORMAT_TIMEOUT_MS = 60_000;

/** The bus: one Kafka broker that is its own controller (KRaft). */
export const kafka: Component = {
  name: 'kafka',
  needs: [],
  ports: ['kafka', 'kafka-controller'],
  stop: { signal: 'SIGTERM', graceSeconds: 20 },
  readyWithinSeconds: 120,

  async prepare(machine) {
    const folder = home(machine);
    mkdirSync(folder, { recursive: true });
    const properties = {
      'process.roles': 'broker,controller',
      'node.id': '1',
      'controller.quorum.voters': `1@127.0.0.1:${machine.port('kafka-controller')}`,
      listeners: `PLAINTEXT://127.0.0.1:${machine.port('kafka')},CONTROLLER://127.0.0.1:${machine.port('kafka-controller')}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${machine.port('kafka')}`,
      'controller.listener.names': 'CONTROLLER',
      'inter.broker.listener.name': 'PLAINTEXT',
      'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      'log.dirs': join(folder, 'data'),
      'num.partitions': '4',
      'auto.create.topics.enable': 'false',
      'offsets.topic.replication.factor': '1',
      'offsets.topic.num.partitions': '4',
      'transaction.state.log.replication.factor': '1',
      'transaction.state.log.min.isr': '1',
      'transaction.state.log.num.partitions': '4',
      'share.coordinator.state.topic.replication.factor': '1',
      'share.coordinator.state.topic.min.isr': '1',
      'group.initial.rebalance.delay.ms': '0',
      'log.retention.hours': '168',
      'message.max.bytes': String(16 * 1024 * 1024),
    };
    writeFileSync(
      config(machine),
      Object.entries(properties)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    if (!existsSync(join(folder, 'data', 'meta.properties'))) {
      const format = [
        'kafka.tools.StorageTool',
        'format',
        '--cluster-id',
        CLUSTER_ID,
        '--config',
        config(machine),
        '--ignore-formatted',
      ];
      await execa(machine.tools.java, ['-Xmx128m', '-cp', classPath(machine), QUIET, ...format], {
        timeout: FORMAT_TIMEOUT_MS,
      });
    }
  },

  start(machine) {
    return {
      command: machine.tools.java,
      args: [
        '-Xmx384m',
        '-Xms128m',
        '-XX:+UseSerialGC',
        '-XX:TieredStopAtLevel=1',
        '-cp',
        classPath(machine),
        QUIET,
        'kafka.Kafka',
        config(machine),
      ],
    };
  },

  async ready(machine) {
    const admin = new Kafka({
      brokers: [`127.0.0.1:${machine.port('kafka')}`],
      logLevel: logLevel.NOTHING,
      connectionTimeout: 2_000,
      retry: { retries: 0 },
    }).admin();
    try {
      await admin.connect();
      return (await admin.describeCluster()).brokers.length === 1;
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  },

  async furnish(machine) {
    // Whatever the instance's bus is: where it is another one, this is the pipeline's.
    await ensureTopics(readConfigFrom({ ...machine.env(), BUS: 'kafka' }, 'bus').bus);
  },

  describe: (machine) => ({ summary: 'bus', url: `127.0.0.1:${machine.port('kafka')}` }),
};

function home(machine: Machine): string {
  return join(machine.state, 'kafka');
}

function config(machine: Machine): string {
  return join(home(machine), 'server.properties');
}

function classPath(machine: Machine): string {
  return join(machine.tools.kafkaJars, '*');
}
