import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureTopics } from '@tributary/platform/bus';
import { readConfigFrom } from '@tributary/platform/config';
import { Kafka, logLevel } from 'kafkajs';
import type { Component, Machine } from '../supervisor/component.ts';

const QUIET = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';

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
    writeFileSync(config(machine), Object.entries(properties).map(([name, value]) => `${name}=${value}\n`).join(''));
    if (!existsSync(join(folder, 'data', 'meta.properties'))) {
      const tool = (...args: string[]): string =>
        execFileSync(machine.tools.java, ['-Xmx128m', '-cp', classPath(machine), QUIET, 'kafka.tools.StorageTool', ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 });
      tool('format', '--cluster-id', 'dHJpYnV0YXJ5LWxvY2FsLTE', '--config', config(machine), '--ignore-formatted');
    }
  },

  start(machine) {
    return { command: machine.tools.java, args: ['-Xmx384m', '-Xms128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', classPath(machine), QUIET, 'kafka.Kafka', config(machine)] };
  },

  async ready(machine) {
    const admin = new Kafka({ brokers: [`127.0.0.1:${machine.port('kafka')}`], logLevel: logLevel.NOTHING, connectionTimeout: 2_000, retry: { retries: 0 } }).admin();
    try {
      await admin.connect();
      return (await admin.describeCluster()).brokers.length === 1;
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  },

  async furnish(machine) {
    await ensureTopics(readConfigFrom(machine.env(), 'bus').bus);
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
