import type { Handler } from '../http/router.ts';
import { openApiDocument } from './document.ts';

export { openApiDocument } from './document.ts';

/** Of the API, not of the package: raised by hand when the document changes. */
export const API_VERSION = '1.0.0';

/** `GET /openapi.json`. */
export function openApiHandler(): Handler {
  const body = JSON.stringify(openApiDocument(API_VERSION));
  return () => ({ status: 200, body });
}
