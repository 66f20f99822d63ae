/** A feature server refused a request, or did not answer. */
export class FeastClientError extends Error {
  /** HTTP's; undefined where there was no answer. */
  readonly status: number | undefined;
  /**
   * Stable. The server's own, such as OVERLOADED or REQUEST_TOO_LARGE; the class of an exception of Feast's, such as FeatureViewNotFoundException;
   * FEAST_ERROR for one that Feast tells by its text alone; INVALID_REQUEST where the body is not what the schema says; NO_ANSWER without any.
   */
  readonly code: string;
  /** Whether the same request may succeed later. */
  readonly isTransient: boolean;

  constructor(status: number | undefined, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FeastClientError';
    this.status = status;
    this.code = code;
    this.isTransient = status === undefined || status === 503 || status === 429;
  }
}

/** The error that an answer tells of. @param body parsed, or undefined where it is no JSON */
export function errorOf(status: number, body: unknown): FeastClientError {
  if (typeof body === 'string') return feastError(status, body);
  const { code, detail } = (body ?? {}) as { code?: unknown; detail?: unknown };
  if (typeof code === 'string') return new FeastClientError(status, code, String(detail));
  if (Array.isArray(detail)) {
    const issues = (detail as { loc: unknown[]; msg: string }[]).map(({ loc, msg }) => `${loc.join('.')}: ${msg}`);
    return new FeastClientError(status, 'INVALID_REQUEST', issues.join('; '));
  }
  return new FeastClientError(status, 'HTTP_ERROR', typeof detail === 'string' ? detail : `HTTP ${status}`);
}

/** Feast's exceptions are JSON within a JSON text, or a text. */
function feastError(status: number, text: string): FeastClientError {
  try {
    const { class: name, message } = JSON.parse(text) as { class?: unknown; message?: unknown };
    if (typeof name === 'string') return new FeastClientError(status, name, String(message));
  } catch {
    // A text that is no JSON is the message itself.
  }
  return new FeastClientError(status, 'FEAST_ERROR', text);
}
