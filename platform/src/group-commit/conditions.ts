import { TributaryError } from '../errors/index.ts';

/** Whether a conditional write was refused because its condition did not hold. */
export function isPreconditionFailed(error: unknown): boolean {
  return error instanceof TributaryError && error.code === 'PRECONDITION_FAILED';
}
