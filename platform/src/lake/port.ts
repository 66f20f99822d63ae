/** What is known of a stored object. */
export interface LakeObject {
  readonly bucket: string;
  readonly name: string;
  /** GCS: the generation. MinIO: last-modified time in milliseconds, the same in listings and notifications. Decimal string. */
  readonly generation: string;
  /** Opaque token of this exact content, for `ifMatch`. GCS: the generation. MinIO: the ETag. */
  readonly token: string;
  readonly size: number;
}

export interface WriteOptions {
  /** Write only where no object of this name exists. */
  readonly ifAbsent?: boolean;
  /** Write only over the content that this token names. */
  readonly ifMatch?: string;
  readonly contentType?: string;
}

/** Bytes of an object, `from` counted from 0, `to` not included. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/**
 * The lake, whichever object store holds it. Reads are strongly consistent; conditional writes are atomic, one winner.
 *
 * Errors: `PRECONDITION_FAILED` (PreconditionFailedError) where a condition did not hold; `TransientError` LAKE_UNAVAILABLE where the store did not answer.
 */
export interface Lake {
  /** The object's content and token, or undefined where there is none. */
  read(bucket: string, name: string): Promise<{ body: Buffer; object: LakeObject } | undefined>;
  /**
   * The object's content alone, or a part of it, in one request; undefined where there is none. What of the range lies beyond the end is left out. Two calls may
   * see two generations of an object that is replaced in between.
   */
  bytes(bucket: string, name: string, range?: ByteRange): Promise<Buffer | undefined>;
  write(bucket: string, name: string, body: Buffer | string, options?: WriteOptions): Promise<LakeObject>;
  /** All objects under a prefix, in name order; with `after`, those whose names come after that one. */
  list(bucket: string, prefix: string, options?: { readonly after?: string | undefined }): AsyncIterable<LakeObject>;
  /** Removes an object; removing what is not there is no error. */
  remove(bucket: string, name: string): Promise<void>;
  /** Removes objects, in as few requests as the store takes. Where it throws, some may be gone: call it again with the same names. */
  removeAll(bucket: string, names: readonly string[]): Promise<void>;
  /**
   * Removes what the bucket keeps of objects that were replaced or removed, where it keeps versions; nothing where it does not. What Cloud Storage calls soft delete
   * is out of reach of any request: its days are the bucket's own.
   *
   * @param options.countOnly leaves them
   * @returns how many versions there were
   */
  removeOldVersions(bucket: string, prefix: string, options?: { readonly countOnly?: boolean }): Promise<number>;
  /**
   * Copies an object inside the store, whatever its size, over what had the name; undefined where there is no such object. The copy is an object of its own,
   * with a generation of its own.
   */
  copy(bucket: string, from: string, to: string): Promise<LakeObject | undefined>;
  /** The URI BigQuery loads it from: `gs://bucket/name`, with both adapters. */
  uri(bucket: string, name: string): string;
}
