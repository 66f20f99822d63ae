/** What a request is answered with. A string is sent as UTF-8. */
export interface Reply {
  readonly status: number;
  readonly body: Buffer | string;
  /** Lower-case names. `content-type` is `application/json` unless it is here, and `content-length` is always ours. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A JSON answer. */
export function json(status: number, value: unknown, headers?: Readonly<Record<string, string>>): Reply {
  const body = JSON.stringify(value);
  return headers === undefined ? { status, body } : { status, body, headers };
}

/** An answer without content, as Starlette's `Response(status_code=…)`: no content-type either. */
export function empty(status: number): Reply {
  return { status, body: '', headers: NO_CONTENT_TYPE };
}

const NO_CONTENT_TYPE: Readonly<Record<string, string>> = { 'content-type': '' };
