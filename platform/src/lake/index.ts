import type { LakeConfig } from '../config/index.ts';
import { GcsLake } from './gcs.ts';
import { MinioLake } from './minio.ts';
import type { Lake } from './port.ts';

export { type LakeErrorCode, PreconditionFailedError } from './errors.ts';
export { findObject } from './find-object.ts';
export type { ByteRange, Lake, LakeObject, WriteOptions } from './port.ts';

/** The lake that the configuration selects: `createLake(readConfig('lake').lake)`. Errors of every method: {@link LakeErrorCode}. */
export function createLake(config: LakeConfig): Lake {
  switch (config.adapter) {
    case 'minio':
      return new MinioLake(config);
    case 'gcs':
      return new GcsLake(config);
  }
}
