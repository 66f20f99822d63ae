import { TributaryError } from '@tributary/platform/errors';
import type { Reply } from '../http/reply.ts';

/**
 * An exception that Feast's server meets on its way and answers with: status 500, and its text as a JSON string.
 * What is answered is the same; what is counted and logged is `FEAST_<exception>`, a user's error, for each of them is about what the request holds.
 */
export class PyFault extends TributaryError {
  constructor(exception: string, message: string) {
    super(`FEAST_${exception}`, 'user', message);
    this.name = 'PyFault';
  }

  toReply(): Reply {
    return { status: 500, body: JSON.stringify(this.message) };
  }
}
