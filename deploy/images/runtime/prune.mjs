// Takes out of installed packages what no program reads at run time: TypeScript, which Node refuses below node_modules, source maps, tests and prose.
// Licences stay.
//     node prune.mjs <folder>
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const NEVER_LOADED = /\.([cm]?tsx?|map|md|markdown|tsbuildinfo|flow)$|\.(test|spec)\.[cm]?js$/i;
const LEGAL = /^(licen[cs]e|copying|notice)/i;

function prune(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    // Not into links: they lead to our own packages.
    if (entry.isDirectory()) prune(path);
    else if (entry.isFile() && NEVER_LOADED.test(entry.name) && !LEGAL.test(entry.name)) rmSync(path);
  }
}

prune(process.argv[2]);
