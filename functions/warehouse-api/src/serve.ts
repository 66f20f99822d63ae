import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The function as a Cloud Run service: the same framework that Cloud Functions starts, told by its own variables what to serve. It is deployed so because it is
 * behind the front door (front-door/README.md); nothing in the function knows.
 */
process.env.FUNCTION_SOURCE = dirname(dirname(fileURLToPath(import.meta.url)));
process.env.FUNCTION_TARGET = 'warehouse-api';
process.env.FUNCTION_SIGNATURE_TYPE = 'http';

// Its program, which the package starts as a command and does not export.
const framework = createRequire(import.meta.url).resolve('@google-cloud/functions-framework');
await import(framework.replace(/index\.js$/, 'main.js'));
