import { TributaryError } from '@tributary/platform/errors';
import { decodeRegistry } from './decode.ts';
import type { Definitions } from './definitions.ts';
import type { RegistrySource } from './source.ts';

export interface RegistryLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** How the registry is doing, for probes and metrics. */
export interface RegistryStatus {
  readonly version: string;
  /** Milliseconds since 1970 when it was taken. */
  readonly loadedAt: number;
  /** The code of what keeps a newer one from being taken; undefined: nothing. */
  readonly fault: string | undefined;
}

/**
 * The registry as it is now.
 *
 * It is looked at every few seconds. A new one takes the place of the old in one assignment: a request uses the one it began with to its end. One that
 * cannot be read changes nothing but the log and the status, so a broken `feast apply` never takes the server down.
 */
export class LiveRegistry {
  readonly #source: RegistrySource;
  readonly #project: string | undefined;
  readonly #log: RegistryLog;
  #definitions: Definitions;
  #loadedAt: number;
  #fault: string | undefined;
  /** The version of bytes that cannot be read: they are not fetched again and again. */
  #refused: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  private constructor(source: RegistrySource, project: string | undefined, log: RegistryLog, definitions: Definitions) {
    this.#source = source;
    this.#project = project;
    this.#log = log;
    this.#definitions = definitions;
    this.#loadedAt = Date.now();
  }

  /** @throws {TributaryError} REGISTRY_MISSING, REGISTRY_UNREADABLE or REGISTRY_UNAVAILABLE: without a first one there is nothing to serve. */
  static async open(source: RegistrySource, project: string | undefined, log: RegistryLog): Promise<LiveRegistry> {
    const { bytes, version } = (await source.read(undefined))!;
    return new LiveRegistry(source, project, log, decodeRegistry(bytes, project, version));
  }

  get definitions(): Definitions {
    return this.#definitions;
  }

  get status(): RegistryStatus {
    return { version: this.#definitions.version, loadedAt: this.#loadedAt, fault: this.#fault };
  }

  /** Looks every `seconds`, one look at a time. */
  watch(seconds: number): void {
    this.#timer = setInterval(() => void this.refresh(), seconds * 1_000).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Looks now. Never rejects. */
  refresh(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    try {
      const found = await this.#source.read(this.#refused ?? this.#definitions.version);
      if (!found) return;
      this.#refused = found.version;
      const definitions = decodeRegistry(found.bytes, this.#project, found.version);
      this.#definitions = definitions;
      this.#loadedAt = Date.now();
      this.#refused = undefined;
      this.#fault = undefined;
      this.#log.info(
        { version: found.version, views: definitions.views.size, services: definitions.services.size },
        'a new registry is served',
      );
    } catch (error) {
      const code = error instanceof TributaryError ? error.code : 'INTERNAL';
      // Told once, not every few seconds.
      if (code !== this.#fault)
        this.#log.error(
          { err: error, registry: this.#source.uri },
          'the registry cannot be taken; the one before stays in use',
        );
      this.#fault = code;
    }
  }
}
