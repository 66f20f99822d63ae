import { enableCompileCache, flushCompileCache } from 'node:module';

// Compiles what the server loads, and what it loads beside by the way it is configured, into NODE_COMPILE_CACHE, and starts nothing: for the image, whose instances
// begin with it. What one version of Node compiled for one user, no other takes. https://nodejs.org/api/module.html#module-compile-cache
enableCompileCache();

await Promise.all([
  import('./program.ts'),
  import('./pubsub/delivery.ts'),
  import('./registry/gcs-source.ts'),
  import('./tracing/request-traces.ts'),
  import('@tributary/platform/erasures'),
  import('@tributary/platform/jobs'),
  import('@tributary/platform/lake'),
  import('@tributary/platform/live-contracts'),
  import('@tributary/platform/metrics'),
  import('@tributary/platform/oidc'),
]);
flushCompileCache();
