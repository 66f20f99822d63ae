import { copyFileSync, cpSync, existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

const CERTIFICATES = ['/etc/ssl/certs/ca-certificates.crt', '/etc/ssl/cert.pem'];
/** Shared libraries that a program names only when it runs: names of hosts are looked up by these. */
const NAME_SERVICE = ['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2'];

/**
 * A root file system that stands in for gcr.io/distroless/cc: the C and C++ libraries that `programs` are linked to, as this machine has them,
 * certificates and the user nonroot. Nothing else: no shell, no package manager.
 */
export async function writeBase(root: string, programs: readonly string[]): Promise<void> {
  for (const folder of ['etc/ssl/certs', 'tmp', 'proc', 'dev', 'home/nonroot', 'usr/bin'])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(
    join(root, 'etc/passwd'),
    'root:x:0:0::/root:/sbin/nologin\nnonroot:x:65532:65532::/home/nonroot:/sbin/nologin\n',
  );
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnonroot:x:65532:\n');
  writeFileSync(join(root, 'etc/nsswitch.conf'), 'hosts: files dns\n');
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n::1 localhost\n');
  const certificates = CERTIFICATES.find((path) => existsSync(path));
  if (certificates) copyFileSync(certificates, join(root, 'etc/ssl/certs/ca-certificates.crt'));
  const libraries = new Set<string>();
  for (const program of programs) for (const library of await linked(program)) libraries.add(library);
  const beside = [...libraries].map((path) => dirname(path));
  for (const name of NAME_SERVICE)
    for (const folder of new Set(beside)) if (existsSync(join(folder, name))) libraries.add(join(folder, name));
  for (const library of libraries) {
    const target = join(root, library);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(realpathSync(library), target);
  }
}

/** Paths of the system's shared libraries that a program is linked to, its loader among them; none where nothing tells. */
async function linked(program: string): Promise<string[]> {
  const result = await execa('ldd', [program], { reject: false, stdin: 'ignore' });
  if (result.failed) return [];
  const paths = [...result.stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path = '']) => path);
  // The system's own; what a program brings beside itself comes with it.
  return paths.filter((path) => /^\/(usr\/)?lib/.test(path));
}
