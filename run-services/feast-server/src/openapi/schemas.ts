/** JSON Schema of what goes over the wire. Feast's models are in feast/feature_server.py (0.67); members that they do not name are ignored. */

const names = { type: 'array', items: { type: 'string' } } as const;
const optionalNames = { type: ['array', 'null'], items: { type: 'string' } } as const;

/** Columns by name: a list of values each, all of one length. */
const frame = {
  type: 'object',
  additionalProperties: { type: 'array', items: {} },
  description: 'Columns by name, a list of values each, all of one length: join keys, event timestamp, features.',
} as const;

export const schemas = {
  GetOnlineFeaturesRequest: {
    type: 'object',
    required: ['entities'],
    properties: {
      entities: {
        type: 'object',
        additionalProperties: { type: 'array', items: {} },
        description: 'Values by join key, one for each row.',
        examples: [{ customer_id: [12346, 12347] }],
      },
      features: {
        ...names,
        default: [],
        description: '`view:feature`, each.',
        examples: [['customer_features:orders_30d']],
      },
      feature_service: {
        type: ['string', 'null'],
        description: 'In place of `features`.',
        examples: ['recommendation_v1'],
      },
      full_feature_names: { type: 'boolean', default: false, description: '`view__feature` in the answer.' },
      include_feature_view_version_metadata: { type: 'boolean', default: false },
    },
  },
  OnlineFeatures: {
    type: 'object',
    required: ['results', 'metadata'],
    properties: {
      results: {
        type: 'array',
        items: { $ref: '#/components/schemas/FeatureVector' },
        description: 'One for each of `metadata.feature_names`.',
      },
      metadata: { $ref: '#/components/schemas/OnlineFeaturesMetadata' },
    },
  },
  FeatureVector: {
    type: 'object',
    required: ['values', 'statuses'],
    properties: {
      values: {
        type: 'array',
        items: {},
        description: 'By row. Beyond 2^53 an integer is still an integer: read it with care.',
      },
      statuses: { type: 'array', items: { $ref: '#/components/schemas/FieldStatus' } },
      event_timestamps: {
        type: 'array',
        items: { type: 'string', format: 'date-time' },
        description: '1970 for join keys and for what is not there. Absent without rows.',
      },
    },
  },
  FieldStatus: {
    type: 'string',
    enum: ['PRESENT', 'NULL_VALUE', 'NOT_FOUND', 'OUTSIDE_MAX_AGE'],
    description: "Always PRESENT with Feast's own semantics.",
  },
  OnlineFeaturesMetadata: {
    type: 'object',
    required: ['feature_names'],
    properties: {
      feature_names: { ...names, description: 'Join keys, then features.' },
      feature_view_metadata: {
        type: 'array',
        items: {
          type: 'object',
          required: ['name'],
          properties: { name: { type: 'string' }, version: { type: 'integer' } },
        },
      },
      freshness: {
        type: 'array',
        items: { oneOf: [{ type: 'null' }, { $ref: '#/components/schemas/Freshness' }] },
        description: 'With `semantics=strict`: one for each of `feature_names`, null for a join key.',
      },
    },
  },
  Freshness: {
    type: 'object',
    required: ['feature_view', 'oldest_event_timestamp', 'newest_event_timestamp', 'max_age_seconds'],
    properties: {
      feature_view: { type: 'string' },
      oldest_event_timestamp: {
        type: ['string', 'null'],
        format: 'date-time',
        description: 'Of the rows of this answer.',
      },
      newest_event_timestamp: { type: ['string', 'null'], format: 'date-time' },
      max_age_seconds: { type: ['integer', 'null'], description: "The view's ttl; null: for ever." },
    },
  },
  PushRequest: {
    type: 'object',
    required: ['push_source_name', 'df'],
    properties: {
      push_source_name: { type: 'string' },
      df: frame,
      to: {
        type: 'string',
        default: 'online',
        description: '`offline` and `online_and_offline` take the Python sidecar.',
      },
      allow_registry_cache: { type: 'boolean', default: true },
      transform_on_write: { type: 'boolean', default: true },
    },
  },
  WriteRequest: {
    type: 'object',
    required: ['feature_view_name', 'df'],
    properties: {
      feature_view_name: { type: 'string' },
      df: frame,
      allow_registry_cache: { type: 'boolean', default: true },
      transform_on_write: { type: 'boolean', default: true },
    },
  },
  MaterializeRequest: {
    type: 'object',
    properties: {
      start_ts: { type: ['string', 'null'], examples: ['2026-01-01T00:00:00'] },
      end_ts: { type: ['string', 'null'] },
      feature_views: { ...optionalNames, description: 'Absent: all.' },
      disable_event_timestamp: { type: 'boolean', default: false },
      full_feature_names: { type: 'boolean', default: false },
      version: { type: ['string', 'null'] },
    },
  },
  MaterializeIncrementalRequest: {
    type: 'object',
    required: ['end_ts'],
    properties: {
      end_ts: { type: 'string', examples: ['2026-01-02T00:00:00'] },
      feature_views: { ...optionalNames, description: 'Absent: all.' },
      full_feature_names: { type: 'boolean', default: false },
      version: { type: ['string', 'null'] },
    },
  },
  MaterializeAccepted: {
    type: 'object',
    required: ['status', 'feature_views', 'execution'],
    properties: {
      status: { const: 'accepted' },
      feature_views: names,
      execution: { type: 'string', description: "The job execution's resource name." },
    },
  },
  PubsubPush: {
    type: 'object',
    required: ['message'],
    properties: {
      message: {
        type: 'object',
        required: ['data', 'messageId'],
        properties: {
          data: { type: 'string', contentEncoding: 'base64' },
          attributes: { type: 'object', additionalProperties: { type: 'string' } },
          messageId: { type: 'string' },
          orderingKey: { type: 'string' },
        },
      },
      subscription: { type: 'string' },
    },
  },
  Refusal: {
    type: 'object',
    required: ['code', 'detail'],
    properties: {
      code: { type: 'string', description: 'Stable; README.md explains each.', examples: ['OVERLOADED'] },
      detail: { type: 'string', description: 'What is wrong and what to do.' },
    },
  },
  Undecodable: { type: 'object', required: ['detail'], properties: { detail: { type: 'string' } } },
  FeastError: {
    type: 'string',
    description:
      "Feast's own errors: a text, or JSON in a text with `module`, `class` and `message`, of which Feast's client makes the exception again.",
  },
  ValidationError: {
    type: 'object',
    required: ['detail'],
    properties: {
      detail: {
        type: 'array',
        items: {
          type: 'object',
          required: ['type', 'loc', 'msg'],
          properties: {
            type: { type: 'string' },
            loc: { type: 'array', items: { type: ['string', 'integer'] } },
            msg: { type: 'string' },
          },
        },
      },
    },
  },
} as const;
