/**
 * Who has to act on an error, decided once, where it is first understood:
 * `user` – the input or the configuration is wrong and the message says how to mend it; never retried.
 * `transient` – the same call may succeed later; retried by the caller's table of delays.
 * `bug` – an assumption of ours is wrong.
 */
export type ErrorClass = 'user' | 'transient' | 'bug';

/** An error with a stable code for machines and a message that names the thing, the place and the fix for people. */
export class TributaryError extends Error {
  readonly code: string;
  readonly class: ErrorClass;

  constructor(code: string, errorClass: ErrorClass, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TributaryError';
    this.code = code;
    this.class = errorClass;
  }
}

/** The input or configuration is wrong; `message` says what to change. */
export class UserError extends TributaryError {
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(code, 'user', message, options);
    this.name = 'UserError';
  }
}

/** Something outside did not answer as it usually does; the same call may be repeated. */
export class TransientError extends TributaryError {
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(code, 'transient', message, options);
    this.name = 'TransientError';
  }
}
