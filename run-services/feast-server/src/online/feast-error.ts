import { TributaryError } from '@tributary/platform/errors';
import type { Reply } from '../http/reply.ts';

/** Feast's exceptions that are answered as themselves, and with which status (feast/errors.py, 0.67). */
const STATUS = {
  FeatureViewNotFoundException: 404,
  FeatureServiceNotFoundException: 404,
  EntityNotFoundException: 404,
  FeastObjectNotFoundException: 404,
  FeatureNameCollisionError: 500,
  PushSourceNotFoundException: 422,
} as const;

/** A FeastError: answered as a JSON string that holds JSON, `{"module", "class", "message"}`, from which Feast's client makes the exception again. */
export class FeastError extends TributaryError {
  readonly #class: keyof typeof STATUS;

  constructor(className: keyof typeof STATUS, message: string) {
    super(`FEAST_${className}`, 'user', message);
    this.name = 'FeastError';
    this.#class = className;
  }

  toReply(): Reply {
    const detail = `{"module": "feast.errors", "class": "${this.#class}", "message": ${asciiJson(this.message)}}`;
    return { status: STATUS[this.#class], body: JSON.stringify(detail) };
  }
}

/** Python's `json.dumps` with its defaults: whatever is not ASCII is escaped. */
function asciiJson(text: string): string {
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, (char) =>
    // DEL alone is ASCII and stays.
    char === '\x7f' ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
