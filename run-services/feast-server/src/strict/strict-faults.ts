import { TributaryError } from '@tributary/platform/errors';
import { HttpError } from '../http/errors.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Reply } from '../http/reply.ts';
import type { Handler } from '../http/router.ts';
import type { Answerable } from '../http/server.ts';
import { type Semantics, semanticsOf } from './semantics.ts';

/** With strict semantics, 400 where Feast's server answers 500 to a request that is wrong: callers retry a 500, and are alarmed by it. */
export function withStrictFaults(handler: Handler, preset: Semantics): Handler {
  return (exchange) => (semanticsOf(exchange, preset) === 'feast' ? handler(exchange) : strictly(handler, exchange));
}

async function strictly(handler: Handler, exchange: Exchange): Promise<Reply> {
  try {
    return await handler(exchange);
  } catch (error) {
    throw isCallersFault(error) ? new HttpError(400, 'INVALID_REQUEST', error.message, { cause: error }) : error;
  }
}

function isCallersFault(error: unknown): error is TributaryError {
  if (!(error instanceof TributaryError && error.class === 'user')) return false;
  const { toReply } = error as Partial<Answerable>;
  return toReply !== undefined && toReply.call(error).status === 500;
}
