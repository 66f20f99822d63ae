import { openNdjson } from './ndjson.ts';
import { openOnlineRetail } from './online-retail/index.ts';
import type { OpenSource } from './source.ts';
import { openTaobao } from './taobao.ts';

/** A new format is one more file here. */
export const SOURCES = {
  ndjson: openNdjson,
  'online-retail': openOnlineRetail,
  taobao: openTaobao,
} as const satisfies Record<string, OpenSource>;

export type SourceFormat = keyof typeof SOURCES;
export const SOURCE_FORMATS = Object.keys(SOURCES) as readonly SourceFormat[];
export type { Source } from './source.ts';
