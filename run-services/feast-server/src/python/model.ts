import { TributaryError } from '@tributary/platform/errors';
import type { Exchange } from '../http/exchange.ts';
import type { Reply } from '../http/reply.ts';
import { dumps } from './dumps.ts';
import { JsonDecodeError, loads, NotUtf8Error, PyFloat, type PyObject, type PyValue } from './json.ts';

/** One thing that is wrong with a request, as pydantic tells it: https://docs.pydantic.dev/2.14/errors/validation_errors/ */
interface Issue {
  readonly type: string;
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly input: PyValue;
}

/** A request that FastAPI refuses before Feast sees it: 422 and `{"detail": […]}`. */
export class RequestValidationError extends TributaryError {
  readonly #body: string;

  constructor(issues: readonly Issue[], extra = '') {
    super('REQUEST_INVALID', 'user', issues.map(({ loc, msg }) => `${loc.join('.')}: ${msg}`).join('; '));
    this.name = 'RequestValidationError';
    const details = issues.map(
      ({ type, loc, msg, input }) =>
        `{"type":"${type}","loc":${dumps([...loc])},"msg":${JSON.stringify(msg)},"input":${dumps(input)}${extra}}`,
    );
    this.#body = `{"detail":[${details.join(',')}]}`;
  }

  toReply(): Reply {
    return { status: 422, body: this.#body };
  }
}

/** A body that FastAPI cannot even decode: 400. */
class UndecodableBodyError extends TributaryError {
  constructor(cause: unknown) {
    super('REQUEST_UNDECODABLE', 'user', 'There was an error parsing the body', { cause });
    this.name = 'UndecodableBodyError';
  }

  toReply(): Reply {
    return { status: 400, body: '{"detail":"There was an error parsing the body"}' };
  }
}

/**
 * A request's body as FastAPI hands it to the model: JSON where the content-type says so, else its text.
 *
 * @throws {RequestValidationError} where there is none, or it is not JSON
 */
export function readJson({ body, headers }: Exchange): PyValue {
  if (body.length === 0)
    throw new RequestValidationError([{ type: 'missing', loc: ['body'], msg: 'Field required', input: null }]);
  if (!isJson(headers['content-type'])) return body.toString('utf8');
  try {
    return loads(body);
  } catch (error) {
    if (error instanceof JsonDecodeError) {
      throw new RequestValidationError(
        [{ type: 'json_invalid', loc: ['body', error.position], msg: 'JSON decode error', input: {} }],
        `,"ctx":{"error":${JSON.stringify(error.message)}}`,
      );
    }
    // Beyond what the stack takes, as Python's RecursionError.
    if (error instanceof NotUtf8Error || error instanceof RangeError) throw new UndecodableBodyError(error);
    throw error;
  }
}

function isJson(contentType: string | undefined): boolean {
  if (contentType === 'application/json') return true;
  const type = (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase();
  return type === 'application/json' || /^application\/[^/]*\+json$/.test(type);
}

/** A type that pydantic checks, in its lax mode: the value, converted, or issues. */
type Check<T> = (input: PyValue, loc: readonly (string | number)[], issues: Issue[]) => T;

export interface FieldRule<T> {
  readonly check: Check<T>;
  /** Absent: the field is required. */
  readonly default?: T;
}

export type Model<T> = { readonly [K in keyof T]: FieldRule<T[K]> };

/** Checks a body against a model; fields that it does not have are ignored. @throws {RequestValidationError} with every issue, in the order of the fields */
export function validate<T extends object>(model: Model<T>, body: PyValue): T {
  if (!isObject(body)) {
    const msg = 'Input should be a valid dictionary or object to extract fields from';
    throw new RequestValidationError([{ type: 'model_attributes_type', loc: ['body'], msg, input: body }]);
  }
  const issues: Issue[] = [];
  const result: Record<string, unknown> = {};
  for (const { name, rule, loc } of fieldsOf(model)) {
    const value = Object.hasOwn(body, name) ? body[name]! : undefined;
    if (value !== undefined) result[name] = rule.check(value, loc, issues);
    else if ('default' in rule) result[name] = rule.default;
    else issues.push({ type: 'missing', loc, msg: 'Field required', input: body });
  }
  if (issues.length > 0) throw new RequestValidationError(issues);
  return result as T;
}

interface ModelField {
  readonly name: string;
  readonly rule: FieldRule<unknown>;
  readonly loc: readonly (string | number)[];
}

const fieldsOfModels = new WeakMap<object, readonly ModelField[]>();

function fieldsOf(model: object): readonly ModelField[] {
  let fields = fieldsOfModels.get(model);
  if (fields === undefined) {
    fields = (Object.entries(model) as [string, FieldRule<unknown>][]).map(([name, rule]) => ({
      name,
      rule,
      loc: ['body', name],
    }));
    fieldsOfModels.set(model, fields);
  }
  return fields;
}

function isObject(value: PyValue): value is PyObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof PyFloat);
}

export const text: Check<string> = (input, loc, issues) => {
  if (typeof input === 'string') return input;
  issues.push({ type: 'string_type', loc, msg: 'Input should be a valid string', input });
  return '';
};

export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (input, loc, issues) => (input === null ? undefined : check(input, loc, issues));
}

const TRUE_WORDS = new Set(['1', 't', 'true', 'on', 'y', 'yes']);
const FALSE_WORDS = new Set(['0', 'f', 'false', 'off', 'n', 'no']);

/** https://docs.pydantic.dev/2.14/concepts/conversion_table/ */
export const bool: Check<boolean> = (input, loc, issues) => {
  if (typeof input === 'boolean') return input;
  const plain = input instanceof PyFloat ? input.value : input;
  if (plain === 0 || plain === 1) return plain === 1;
  if (typeof input === 'string') {
    const word = input.toLowerCase();
    if (TRUE_WORDS.has(word)) return true;
    if (FALSE_WORDS.has(word)) return false;
  }
  const parsing = typeof input === 'string' || typeof input === 'number';
  issues.push(
    parsing
      ? { type: 'bool_parsing', loc, msg: 'Input should be a valid boolean, unable to interpret input', input }
      : { type: 'bool_type', loc, msg: 'Input should be a valid boolean', input },
  );
  return false;
};

export const anything: Check<PyValue> = (input) => input;

export function list<T>(item: Check<T>): Check<T[]> {
  return (input, loc, issues) => {
    if (Array.isArray(input)) {
      if (item === (anything as unknown)) return input as T[];
      return input.map((it, index) => item(it, [...loc, index], issues));
    }
    issues.push({ type: 'list_type', loc, msg: 'Input should be a valid list', input });
    return [];
  };
}

export function dict<T>(item: Check<T>): Check<Record<string, T>> {
  return (input, loc, issues) => {
    if (!isObject(input)) {
      issues.push({ type: 'dict_type', loc, msg: 'Input should be a valid dictionary', input });
      return {};
    }
    for (const key of Object.keys(input)) item(input[key]!, [...loc, key], issues);
    return input as Record<string, T>;
  };
}
