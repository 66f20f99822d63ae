import { TributaryError } from '@tributary/platform/errors';

/** A benchmark that did not do all of the work, exactly, measured nothing. */
export class InexactRun extends TributaryError {
  constructor(message: string) {
    super('BENCH_INEXACT', 'bug', message);
    this.name = 'InexactRun';
  }
}
