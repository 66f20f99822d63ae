import { UserError } from '@tributary/platform/errors';

/** Bytes of a registry.db as they were at one moment. */
export interface RegistryBytes {
  readonly bytes: Buffer;
  /** Differs from that of any other content; opaque. */
  readonly version: string;
}

/** Where a registry.db lies. */
export interface RegistrySource {
  /** For messages. */
  readonly uri: string;
  /**
   * The registry, or undefined where it still is of `known` version.
   *
   * @throws {UserError} REGISTRY_MISSING
   * @throws {TransientError} REGISTRY_UNAVAILABLE
   */
  read(known: string | undefined): Promise<RegistryBytes | undefined>;
}

/** What sources need of the environment. */
export interface SourceSettings {
  /** A stand-in for Cloud Storage, such as `http://127.0.0.1:4443`. */
  readonly gcsEndpoint?: string | undefined;
  readonly s3?: { readonly endpoint: string; readonly accessKey: string; readonly secretKey: string } | undefined;
}

/** Each source is imported when it is used: the clients of the clouds take longer to load than everything else here. */
export async function openSource(uri: string, settings: SourceSettings = {}): Promise<RegistrySource> {
  const match = /^(gs|s3):\/\/([^/]+)\/(.+)$/.exec(uri);
  if (match?.[1] === 'gs') {
    const { GcsSource } = await import('./gcs-source.ts');
    return new GcsSource(uri, match[2]!, match[3]!, settings.gcsEndpoint);
  }
  if (match?.[1] === 's3') {
    if (!settings.s3) {
      throw new UserError(
        'CONFIG_INVALID',
        'A registry at s3:// needs MINIO_ENDPOINT, MINIO_ACCESS_KEY and MINIO_SECRET_KEY.',
      );
    }
    const { S3Source } = await import('./s3-source.ts');
    return new S3Source(uri, match[2]!, match[3]!, settings.s3);
  }
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(uri) && !uri.startsWith('file://')) {
    throw new UserError(
      'CONFIG_INVALID',
      `The registry is at ${uri}; it can be a file, gs://bucket/object or s3://bucket/object.`,
    );
  }
  const { FileSource } = await import('./file-source.ts');
  return new FileSource(uri);
}
