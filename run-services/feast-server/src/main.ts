import { enableCompileCache, flushCompileCache } from 'node:module';

// Half of a start is compiling and stripping types: with what the last start left behind, it is ready in half the time. The folder is NODE_COMPILE_CACHE, or
// one in the system's temporary folder. https://nodejs.org/api/module.html#module-compile-cache
enableCompileCache();

const { run } = await import('./program.ts');
await run();
// Now, for a process that is killed leaves nothing behind.
flushCompileCache();
