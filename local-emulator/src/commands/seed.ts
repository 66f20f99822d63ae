import { join } from 'node:path';
import { UserError } from '@tributary/platform/errors';
import { stateRoot } from '../instance/folders.ts';
import { environmentOf } from '../instance/environment.ts';
import { currentInstance } from './lifecycle.ts';
