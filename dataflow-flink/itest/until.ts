import { setTimeout as delay } from 'node:timers/promises';

/** Resolves once it holds; rejects with what it came to after `seconds`. */
export async function until(what: string, seconds: number, holds: () => Promise<boolean | string>): Promise<void> {
  for (const start = Date.now(); ; await delay(500)) {
    const now = await holds();
    if (now === true) return;
    if (Date.now() - start > seconds * 1_000)
      throw new Error(`waited ${seconds} s for ${what}${now === false ? '' : `; now: ${now}`}`);
  }
}
