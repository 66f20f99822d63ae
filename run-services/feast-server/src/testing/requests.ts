import fc from 'fast-check';
import type { Repository } from './oracle.ts';

/** A request to either server: JSON, or text as it is. */
export interface AnyRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string | undefined;
  readonly contentType: string;
}

const JSON_TYPE = 'application/json';
const ONLINE = '/get-online-features';

/** Bodies that FastAPI refuses before Feast sees them. */
const MALFORMED = [
  '',
  ' ',
  '{',
  '[]',
  'null',
  '1',
  '"x"',
  '{}',
  '{"a":1,}',
  '{"a" 1}',
  '[1,]',
  '{"a":1}x',
  '{"a":"\u0001"}',
  '{"a":"\\x"}',
  '{"a":"\\u12"}',
  '"abc',
  '{1:2}',
  'tru',
  '\ufeff{}',
  '{"a":01}',
  '{"é🙂" 1}',
  '[1 2]',
  '{"a":-}',
  '{"a":NaN}',
  '{"entities":[],"features":"x"}',
  '{"entities":{"a":1}}',
  '{"entities":{"a":[1]},"features":[1,null]}',
  '{"entities":{"a":[1]},"feature_service":5}',
  '{"entities":{},"features":["loaded:l_int"]}',
  '{"entities":{"user_id":[1.0]},"features":["loaded:l_int"]}',
  '{"entities":{"user_id":[1e400]},"features":["loaded:l_int"]}',
  '{"entities":{"user_id":[-0]},"features":["loaded:l_int"]}',
  '{"entities":{"user_id":[1],"user_id":[2]},"features":["loaded:l_int"]}',
];

/** Flags as pydantic takes them, and as it does not. */
const FLAGS = [true, false, 'true', 'No', 'on', 0, 1, 1.0, 2, 0.5, 'maybe', null, [], {}];

/** Values that a key is not of, or not quite. */
const ODD_VALUES = [
  null,
  1.5,
  true,
  false,
  '7',
  ' 1_0 ',
  'x',
  '',
  [],
  [1],
  {},
  { a: 1 },
  [[1]],
  [1, 'a'],
  1e22,
  -3,
  '٣',
];

/** Requests for features, most of them sensible, and each kind of mistake now and then. */
export function onlineRequests({ views, services, keys }: Repository): fc.Arbitrary<AnyRequest> {
  const names = Object.keys(views);
  const refsOf = (view: string) => Object.keys(views[view]!.features).map((feature) => `${view}:${feature}`);
  const someRefs = fc
    .uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 3 })
    .chain((chosen) => fc.shuffledSubarray(chosen.flatMap(refsOf), { minLength: 1 }));
  const wrongRef = fc.constantFrom(
    'nope:x',
    'loaded:nope',
    'loaded',
    '',
    ':',
    'loaded:',
    'loaded@v1:l_int',
    'loaded@latest:l_int',
    'loaded@x:l_int',
    '@:l_int',
  );
  const features = fc.oneof(
    { weight: 12, arbitrary: someRefs },
    { weight: 1, arbitrary: fc.tuple(someRefs, wrongRef).map(([refs, wrong]) => [...refs, wrong]) },
    { weight: 1, arbitrary: someRefs.map((refs) => [...refs, refs[0]!]) },
    { weight: 1, arbitrary: fc.constant([]) },
  );
  const wanted = fc.oneof(
    { weight: 6, arbitrary: features.map((list) => ({ features: list })) },
    { weight: 3, arbitrary: fc.constantFrom(...services).map((name) => ({ feature_service: name })) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        { feature_service: 'nope' },
        { feature_service: '' },
        { feature_service: null, features: ['loaded:l_int'] },
      ),
    },
  );
  const value = (key: string): fc.Arbitrary<unknown> =>
    fc.oneof(
      { weight: 60, arbitrary: fc.constantFrom<unknown>(...(keys[key] ?? [1, 'a'])) },
      { weight: 1, arbitrary: fc.constantFrom<unknown>(...ODD_VALUES) },
    );
  const joinKeys = Object.keys(keys);
  const keySet = fc.oneof(
    // Every key, so that whatever is asked for is found; a few; and names that no entity has.
    { weight: 6, arbitrary: fc.constant(joinKeys.filter((key) => key !== 'blob')) },
    { weight: 3, arbitrary: fc.subarray(joinKeys, { minLength: 1 }) },
    {
      weight: 1,
      arbitrary: fc.subarray([...joinKeys, 'other_user', 'user', 'item', 'x', '__dummy_id'], { minLength: 1 }),
    },
    { weight: 1, arbitrary: fc.constant([...joinKeys.filter((key) => key !== 'blob'), 'other_user']) },
  );
  const entities = fc.tuple(keySet, fc.nat({ max: 6 }), fc.nat({ max: 39 })).chain(([chosen, rows, uneven]) =>
    fc.record(
      Object.fromEntries(
        chosen.map((key, index) => {
          const length = uneven === 0 && index === 0 ? rows + 1 : rows;
          return [key, fc.array(value(key), { minLength: length, maxLength: length })];
        }),
      ),
    ),
  );
  const flag = fc.oneof(
    { weight: 20, arbitrary: fc.boolean() as fc.Arbitrary<unknown> },
    { weight: 1, arbitrary: fc.constantFrom<unknown>(...FLAGS) },
  );
  const wellFormed = fc
    .tuple(
      wanted,
      entities,
      fc.record({ full_feature_names: flag, include_feature_view_version_metadata: flag }, { requiredKeys: [] }),
    )
    .map(([what, of, flags]) => post(ONLINE, exactJson({ ...what, entities: of, ...flags })));
  return fc.oneof(
    { weight: 40, arbitrary: wellFormed },
    { weight: 2, arbitrary: fc.constantFrom(...MALFORMED).map((body) => post(ONLINE, body)) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('text/plain', 'application/vnd.x+json', 'Application/JSON; charset=utf-8', '')
        .chain((type) => wellFormed.map((it) => ({ ...it, contentType: type }))),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('GET', 'PUT', 'DELETE')
        .map((method) => ({ ...post(ONLINE, ''), method, body: undefined })),
    },
    { weight: 1, arbitrary: fc.constantFrom('/nope', '/get-online-features/', '/').map((path) => post(path, '{}')) },
  );
}

const INSTANTS = [
  '2026-11-01T00:00:00Z',
  '2026-11-01T00:00:00.000001Z',
  '2026-11-02 03:04:05.123456+02:00',
  '2026-10-01T00:00:00',
  '2026-11-03',
  '2027-01-01T00:00:00.5-0330',
];

/** What a push may hold for a type of feature. */
const PUSHED: Readonly<Record<string, readonly unknown[]>> = {
  'scalar:INT64': [0, 1, -5, 2 ** 31, 9007199254740993n, -(2n ** 63n), null],
  'scalar:INT32': [0, 1, -5, 2 ** 31 - 1, null],
  'scalar:FLOAT64': [0, 1.5, -0.1, 1e300, 3, null],
  'scalar:FLOAT32': [0, 1.5, 0.1, 1e-40, null],
  'scalar:STRING': ['', 'a', 'über', '🙂\n"', null],
  'scalar:BOOL': [true, false],
  'list:INT64': [[], [1], [-1, 2 ** 40], null],
  'list:FLOAT64': [[0.5], [1.5, -2.25, 1e-9], null],
  'list:STRING': [['a'], ['', 'ü', 'x'], null],
};

/** Pushes of one to three rows to views that take them, now and then with a column missing, of the wrong type, or to nobody. */
export function pushes({ views, keys }: Repository): fc.Arbitrary<AnyRequest> {
  const pushed = Object.entries(views).filter(([, view]) => view.push !== null);
  return fc.constantFrom(...pushed).chain(([name, view]) =>
    fc.integer({ min: 1, max: 3 }).chain((rows) => {
      const column = (values: readonly unknown[]) =>
        fc.array(fc.constantFrom(...values), { minLength: rows, maxLength: rows });
      const columns: Record<string, fc.Arbitrary<unknown[]>> = { event_timestamp: column(INSTANTS.slice(0, 3)) };
      for (const key of view.keys) columns[key] = column(keys[key]!);
      for (const [feature, kind] of Object.entries(view.features)) columns[feature] = column(PUSHED[kind]!);
      const mistakes = fc.oneof(
        { weight: 12, arbitrary: fc.constant('none') },
        {
          weight: 4,
          arbitrary: fc.constantFrom(
            'time',
            'key',
            'feature',
            'text',
            'source',
            'to',
            'extra',
            'write',
            'uneven',
            'empty',
          ),
        },
      );
      return fc
        .tuple(fc.record(columns), mistakes, fc.constantFrom(...INSTANTS))
        .map(([df, mistake, instant]): AnyRequest => {
          const frame: Record<string, unknown[]> = { ...df };
          const feature = Object.keys(view.features)[0]!;
          // One form of time a column: pandas guesses the form of all from the first.
          frame.event_timestamp = frame.event_timestamp!.map(() => instant);
          if (mistake === 'time') delete frame.event_timestamp;
          if (mistake === 'key') delete frame[view.keys[0]!];
          if (mistake === 'feature') delete frame[feature];
          if (mistake === 'text') frame[feature] = frame[feature]!.map(() => 'x');
          if (mistake === 'extra') frame.extra = frame[feature]!.map(() => 1);
          if (mistake === 'uneven') frame[feature] = [...frame[feature]!, 1];
          if (mistake === 'empty') for (const key of Object.keys(frame)) frame[key] = [];
          if (mistake === 'write')
            return post('/write-to-online-store', exactJson({ feature_view_name: name, df: frame }));
          const source = mistake === 'source' ? 'nope' : view.push;
          return post(
            '/push',
            exactJson({ push_source_name: source, df: frame, ...(mistake === 'to' ? { to: 'x' } : {}) }),
          );
        });
    }),
  );
}

const post = (path: string, body: string): AnyRequest => ({ method: 'POST', path, body, contentType: JSON_TYPE });

/** JSON in which a bigint is an integer, and a number from a Python file keeps its digits. */
function exactJson(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(exactJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${JSON.stringify(key)}:${exactJson(item)}`)
      .join(',')}}`;
  }
  return JSON.stringify(value);
}
