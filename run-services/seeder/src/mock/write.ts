import { writeFileSync } from 'node:fs';
import { DEFAULT_INPUT } from '../config.ts';
import { generateMockEvents } from './generate.ts';

/** Writes the committed recording anew: `node run-services/seeder/src/mock/write.ts`. A test compares the two. */
writeFileSync(DEFAULT_INPUT, generateMockEvents());
