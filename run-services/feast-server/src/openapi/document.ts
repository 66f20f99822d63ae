import { schemas } from './schemas.ts';

type SchemaName = keyof typeof schemas;

const content = (schema: object) => ({ 'application/json': { schema } });
const ref = (name: SchemaName) => ({ $ref: `#/components/schemas/${name}` });
const refusal = (description: string) => ({ description, content: content(ref('Refusal')) });

/** What every route behind authentication may answer. */
const COMMON = {
  401: refusal('No valid credentials: UNAUTHENTICATED.'),
  403: refusal('Valid credentials without the right that this takes: FORBIDDEN.'),
  413: refusal('The body is too long: BODY_TOO_LARGE.'),
  503: {
    ...refusal(
      'OVERLOADED, DEADLINE_EXCEEDED, ONLINE_STORE_UNAVAILABLE, BACKEND_UNAVAILABLE or DRAINING: come back later.',
    ),
    headers: { 'retry-after': { description: 'Seconds.', schema: { type: 'integer' } } },
  },
} as const;

/** Feast answers what it cannot do with 500 and a text. */
const FEAST = {
  400: {
    description:
      'INVALID_REQUEST, REQUEST_TOO_LARGE or SEMANTICS_UNKNOWN; or a body that cannot be decoded, which has no code.',
    content: content({ anyOf: [ref('Refusal'), ref('Undecodable')] }),
  },
  404: { description: 'No such feature view, service or entity.', content: content(ref('FeastError')) },
  422: {
    description: 'The body is not what the schema says, or the push source is not known.',
    content: content({ oneOf: [ref('ValidationError'), ref('FeastError')] }),
  },
  500: {
    description: "Feast's answer to a request that it cannot carry out; 400 with `semantics=strict`.",
    content: content(ref('FeastError')),
  },
  501: refusal('NOT_ENABLED: it takes a sidecar or a job that this server has not.'),
} as const;

const SEMANTICS = {
  name: 'semantics',
  in: 'query',
  required: false,
  schema: { type: 'string', enum: ['feast', 'strict'] },
  description: 'Default: FEAST_SEMANTICS.',
} as const;

const flag = (name: string, description: string) =>
  ({ name, in: 'query', required: false, schema: { type: 'boolean', default: false }, description }) as const;

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly request: SchemaName;
  readonly parameters?: readonly object[];
  readonly responses: Readonly<Record<number, object>>;
}

const post = ({ operationId, summary, request, parameters = [], responses }: Operation) => ({
  post: {
    operationId,
    summary,
    parameters,
    requestBody: { required: true, content: content(ref(request)) },
    responses: { ...COMMON, ...responses },
  },
});

const materialize = (operationId: string, summary: string, request: SchemaName) =>
  post({
    operationId,
    summary,
    request,
    parameters: [
      flag('async', 'Answer as soon as the job has started.'),
      flag('force', 'Start although a run is at work.'),
    ],
    responses: {
      ...FEAST,
      200: { description: 'The views are online.', content: content({ type: 'null' }) },
      202: { description: 'The job has started.', content: content(ref('MaterializeAccepted')) },
      409: {
        description: 'A run is at work on one of the views.',
        content: content({
          type: 'object',
          required: ['error', 'feature_views'],
          properties: { error: { type: 'string' }, feature_views: { type: 'array', items: { type: 'string' } } },
        }),
      },
    },
  });

const probe = (operationId: string, summary: string, responses: object) => ({
  get: { operationId, summary, security: [], responses },
});

/**
 * The API, as OpenAPI 3.1. Served at `/openapi.json`, fuzzed in tests, and what the TypeScript client's types are made from: README.md, "Changing the API".
 *
 * @param version of the server
 */
export function openApiDocument(version: string) {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Feature server',
      version,
      description: "Feast's feature server API (0.67), with limits, authentication and strict semantics.",
    },
    servers: [{ url: '/' }],
    security: [{ oidc: [] }, { apiKey: [] }, {}],
    paths: {
      '/get-online-features': post({
        operationId: 'getOnlineFeatures',
        summary: 'The newest values of features for entities.',
        request: 'GetOnlineFeaturesRequest',
        parameters: [SEMANTICS],
        responses: {
          ...FEAST,
          200: { description: 'One vector for each join key and feature.', content: content(ref('OnlineFeatures')) },
        },
      }),
      '/push': post({
        operationId: 'push',
        summary: 'Rows for every view that a push source feeds.',
        request: 'PushRequest',
        parameters: [SEMANTICS],
        responses: { ...FEAST, 200: { description: 'The rows are online, or older than what is.' } },
      }),
      '/write-to-online-store': post({
        operationId: 'writeToOnlineStore',
        summary: 'Rows for one view.',
        request: 'WriteRequest',
        parameters: [SEMANTICS],
        responses: {
          ...FEAST,
          200: { description: 'The rows are online, or older than what is.', content: content({ type: 'null' }) },
        },
      }),
      '/materialize': materialize('materialize', 'Makes views online equal to their marts.', 'MaterializeRequest'),
      '/materialize-incremental': materialize(
        'materializeIncremental',
        'The same as `/materialize`, with the request that Feast has for it.',
        'MaterializeIncrementalRequest',
      ),
      '/pubsub/push': post({
        operationId: 'pubsubPush',
        summary: 'A feature row from a Pub/Sub push subscription; with FEATURES_DELIVERY=push only.',
        request: 'PubsubPush',
        responses: {
          204: { description: 'Done with: online, outdated, or a dead letter.' },
          400: refusal('INVALID_PUSH.'),
          404: { description: 'Feature rows do not come in this way.', content: content({ type: 'object' }) },
        },
      }),
      '/health': probe('health', "As Feast's server.", { 200: { description: 'There is a registry.' } }),
      '/healthz': probe('live', 'Whether the process is alive.', {
        200: { description: 'It is.', content: content({ type: 'object' }) },
      }),
      '/readyz': probe('ready', 'Whether requests should come here.', {
        200: { description: 'They should.', content: content({ type: 'object' }) },
        503: { description: 'Redis is away, or the server is ending.', content: content({ type: 'object' }) },
      }),
      '/metrics': {
        get: {
          operationId: 'metrics',
          summary: 'For Prometheus.',
          responses: {
            200: { description: 'Text format.', content: { 'text/plain': { schema: { type: 'string' } } } },
            401: COMMON[401],
            403: COMMON[403],
            503: COMMON[503],
          },
        },
      },
      '/openapi.json': probe('openapi', 'This document.', {
        200: { description: 'OpenAPI 3.1.', content: content({ type: 'object' }) },
      }),
    },
    components: {
      schemas,
      securitySchemes: {
        oidc: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
      },
    },
  };
}
