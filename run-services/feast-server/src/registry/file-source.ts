import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { TransientError, UserError } from '@tributary/platform/errors';
import type { RegistryBytes, RegistrySource } from './source.ts';

/** A registry.db in the file system, as Feast's FileRegistryStore writes it. */
export class FileSource implements RegistrySource {
  readonly uri: string;
  readonly #path: string;

  constructor(uri: string) {
    this.uri = uri;
    this.#path = uri.startsWith('file://') ? fileURLToPath(uri) : uri;
  }

  async read(known: string | undefined): Promise<RegistryBytes | undefined> {
    const before = await this.#version();
    if (before === known) return undefined;
    const bytes = await readFile(this.#path);
    // Feast writes into the file that is read here; what changed meanwhile may be half of each.
    if ((await this.#version()) !== before) {
      throw new TransientError(
        'REGISTRY_UNAVAILABLE',
        `The registry at ${this.uri} is being written; it is read again shortly.`,
      );
    }
    return { bytes, version: before };
  }

  async #version(): Promise<string> {
    try {
      const { mtimeNs, size, ino } = await stat(this.#path, { bigint: true });
      return `${ino}-${mtimeNs}-${size}`;
    } catch (error) {
      throw new UserError(
        'REGISTRY_MISSING',
        `There is no registry at ${this.uri}; run \`feast apply\`, or set FEAST_REGISTRY to where it is.`,
        { cause: error },
      );
    }
  }
}
