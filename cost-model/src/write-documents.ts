import { readFileSync, writeFileSync } from 'node:fs';
import { ROOT } from '@tributary/platform/config';
import { DOCUMENTS, withTables } from './document.ts';

/** Puts the model's tables into the documents that show them. */
export function writeDocuments(): void {
  for (const [name, tables] of Object.entries(DOCUMENTS)) {
    const file = new URL(name, ROOT);
    writeFileSync(file, withTables(readFileSync(file, 'utf8'), tables));
  }
}
