import { mkdirSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import type { Component } from '../supervisor/component.ts';

/** The online store. Its append-only file makes it survive a kill as Memorystore survives a failover. */
export const redis: Component = {
  name: 'redis',
  needs: [],
  ports: ['redis'],
  stop: { signal: 'SIGTERM', graceSeconds: 10 },
  readyWithinSeconds: 30,

  async prepare(machine) {
    mkdirSync(join(machine.state, 'redis'), { recursive: true });
  },

  start(machine) {
    const settings = [
      '--port',
      String(machine.port('redis')),
      '--bind',
      '127.0.0.1',
      '--dir',
      join(machine.state, 'redis'),
      '--appendonly',
      'yes',
      '--save',
      '',
      '--daemonize',
      'no',
      '--protected-mode',
      'yes',
    ];
    return { command: machine.tools.redisServer, args: settings };
  },

  ready: (machine) =>
    new Promise((resolve, reject) => {
      const socket = createConnection({ host: '127.0.0.1', port: machine.port('redis') }, () =>
        socket.write('PING\r\n'),
      );
      socket.setTimeout(2_000, () => socket.destroy(new Error('no answer')));
      socket.once('error', reject);
      socket.once('data', (data) => {
        socket.destroy();
        resolve(data.toString().startsWith('+PONG'));
      });
    }),

  describe: (machine) => ({ summary: 'online store', url: `redis://127.0.0.1:${machine.port('redis')}` }),
};
