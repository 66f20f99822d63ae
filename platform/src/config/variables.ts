import { z } from 'zod';

/** One variable: declared once, with what a person needs to set it. */
export interface VariableDeclaration<S extends z.ZodType = z.ZodType> {
  /** Completes the sentence “… is missing; it is …”. */
  readonly purpose: string;
  readonly example: string;
  /** Parses the variable's text; a schema with a default makes it optional. */
  readonly schema: S;
  /** Its value is never repeated in a message. */
  readonly secret?: boolean;
}

export function variable<S extends z.ZodType>(
  schema: S,
  purpose: string,
  example: string,
  options: { secret?: boolean } = {},
): VariableDeclaration<S> {
  return { schema, purpose, example, ...options };
}

/** A schema for a variable whose text is JSON; what it holds is then checked by `schema`. */
export function jsonText<S extends z.ZodType>(schema: S) {
  return z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text);
      } catch {
        context.addIssue('expected JSON');
        return z.NEVER;
      }
    })
    .pipe(schema);
}

const url = z
  .url({ protocol: /^https?$/, error: 'expected an http(s) URL' })
  .transform((text) => text.replace(/\/+$/, ''));
const hostAndPort = z.string().regex(/^[A-Za-z0-9._[\]:-]+:\d{1,5}$/, 'expected host:port');
const port = z.coerce.number({ error: 'expected a port number' }).int().min(0).max(65_535);
/** https://cloud.google.com/storage/docs/buckets#naming */
const bucket = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/, 'expected a bucket name: 3 to 63 of a-z 0-9 . _ -');
const path = z.string().min(1);
/** `a, b` */
const list = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
  .refine((parts) => parts.length > 0, 'expected at least one, comma-separated');

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** What more than one deployable reads; what only one does is declared by it. docs/interfaces.md#environment */
export const VARIABLES = {
  PROJECT_ID: variable(
    z.string().regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/, 'expected a project id: 6 to 30 of a-z 0-9 -'),
    'the Google Cloud project that holds the warehouse, the bus and the jobs',
    'tributary-local',
  ),
  LOCATION: variable(z.string().min(1), 'the region of jobs and services', 'us-central1'),
  LOG_LEVEL: variable(
    z.enum(LOG_LEVELS, { error: `expected one of ${LOG_LEVELS.join(', ')}` }).default('info'),
    'the least serious lines that are logged',
    'info',
  ),

  LAKE: variable(
    z.enum(['minio', 'gcs'], { error: 'expected minio or gcs' }),
    'which object store holds the lake',
    'minio',
  ),
  LAKE_BUCKET: variable(bucket, 'the bucket of raw, processed, dead-letter, quarantine and control', 'tributary-lake'),
  LANDING_BUCKET: variable(bucket, 'the bucket where batch files are dropped', 'tributary-landing'),
  GCS_ENDPOINT: variable(
    url.optional(),
    'a Cloud Storage stand-in; leave it out in the cloud',
    'http://127.0.0.1:4443',
  ),
  MINIO_ENDPOINT: variable(url, 'where MinIO listens', 'http://127.0.0.1:9000'),
  MINIO_ACCESS_KEY: variable(z.string().min(1), "MinIO's user", 'tributary'),
  MINIO_SECRET_KEY: variable(z.string().min(1), "MinIO's password", 'at least eight characters', { secret: true }),

  BUS: variable(
    z.enum(['kafka', 'pubsub'], { error: 'expected kafka or pubsub' }),
    'which message bus carries events',
    'kafka',
  ),
  TOPIC_PREFIX: variable(
    z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9._-]*$/, 'expected a letter, then letters, digits, ".", "_" or "-"')
      .default('tributary.'),
    'what every topic name begins with',
    'tributary.',
  ),
  KAFKA_BROKERS: variable(
    z
      .string()
      .transform((text) => text.split(',').map((broker) => broker.trim()))
      .pipe(z.array(hostAndPort).min(1)),
    "Kafka's bootstrap servers, separated by commas",
    '127.0.0.1:9092',
  ),
  PUBSUB_ENDPOINT: variable(hostAndPort.optional(), 'a Pub/Sub emulator; leave it out in the cloud', '127.0.0.1:8085'),

  BIGQUERY_ENDPOINT: variable(
    url.optional(),
    'a BigQuery emulator; leave it out in the cloud',
    'http://127.0.0.1:9050',
  ),
  BIGQUERY_LOCATION: variable(z.string().min(1).default('US'), "the datasets' location", 'US'),
  MAX_BYTES_BILLED: variable(
    z.string().regex(/^[1-9]\d{0,17}$/, 'expected a whole number of bytes'),
    'the most one BigQuery job may be billed for, in bytes',
    '10737418240',
  ),

  DAILY_BYTES_BUDGET: variable(
    z
      .string()
      .regex(/^[1-9]\d{0,14}$/, 'expected a whole number of bytes')
      .transform(Number)
      .optional(),
    'what BigQuery may bill a day, in bytes: optional work stops at 80 % of it, required work at all of it; left out, nothing is stopped',
    '1099511627776',
  ),

  RUN_ENDPOINT: variable(
    hostAndPort.optional(),
    'a local Cloud Run Admin API; leave it out in the cloud',
    '127.0.0.1:8085',
  ),
  PIPELINE_LAUNCHER: variable(
    z.enum(['flink', 'dataflow'], { error: 'expected flink or dataflow' }),
    'where the pipeline runs in batch',
    'flink',
  ),
  FLINK_REST_URL: variable(url, "the Flink session cluster's REST address", 'http://127.0.0.1:8081'),
  PIPELINE_JAR_ID: variable(
    z.string().min(1),
    "the pipeline's jar as uploaded to Flink",
    '5a1c_tributary-pipeline.jar',
  ),
  DATAFLOW_TEMPLATE: variable(
    z.string().regex(/^gs:\/\/[^/]+\/.+$/, 'expected a gs:// URI'),
    "the pipeline's Flex Template",
    'gs://tributary-templates/pipeline.json',
  ),
  DATAFLOW_SERVICE_ACCOUNT: variable(
    z
      .string()
      .regex(/^[^@\s]+@[^@\s]+$/, 'expected an e-mail address')
      .optional(),
    "the account that Dataflow's workers run as; the project's default account where left out",
    'tributary-pipeline@tributary-dev.iam.gserviceaccount.com',
  ),
  DATAFLOW_SUBNETWORK: variable(
    z
      .string()
      .regex(/regions\/[^/]+\/subnetworks\/[^/]+$/, 'expected …/regions/<region>/subnetworks/<name>')
      .optional(),
    "the subnet of Dataflow's workers, which then have no public address; the default network where left out",
    'regions/us-central1/subnetworks/tributary',
  ),
  DATAFLOW_TEMP_LOCATION: variable(
    z
      .string()
      .regex(/^gs:\/\/[^/]+(\/.+)?$/, 'expected a gs:// URI')
      .optional(),
    'where Dataflow puts temporary files; a bucket that it makes itself where left out',
    'gs://tributary-dev-artifacts/temp',
  ),
  PIPELINE_PII_KEYS_FILE: variable(
    z.string().regex(/^gs:\/\/[^/]+\/.+$/, 'expected a gs:// URI'),
    "the PII keys as Dataflow's workers read them, who have no mount",
    'gs://tributary-secrets/pii-keys.json',
  ),

  METRICS: variable(
    z.enum(['otlp', 'cloud-monitoring', 'none'], { error: 'expected otlp, cloud-monitoring or none' }).default('none'),
    'where metrics go: to a collector over OTLP/HTTP, to Cloud Monitoring, or nowhere',
    'cloud-monitoring',
  ),
  METRICS_ENDPOINT: variable(url, 'the collector that takes OTLP/HTTP', 'http://127.0.0.1:4318'),

  FEAST_SERVER_URL: variable(url, "the feature server's address", 'http://127.0.0.1:6566'),
  REDIS_ADDRESS: variable(hostAndPort, 'the Redis of the online store', '127.0.0.1:6379'),
  REDIS_PASSWORD: variable(z.string().min(1).optional(), 'the password of Redis', 'from your secret store', {
    secret: true,
  }),
  REDIS_TLS: variable(
    z.enum(['true', 'false'], { error: 'expected true or false' }).default('false'),
    'whether Redis is spoken to by TLS',
    'true',
  ),
  REDIS_CA_FILE: variable(
    path.optional(),
    "the PEM file of the authorities of Redis' certificate; those that the system trusts where left out",
    '/secrets/redis-ca/redis-ca.pem',
  ),
  FEAST_REGISTRY: variable(path, "Feast's registry: a file, or a gs:// URI", '.tributary/feast/registry.db'),

  CONTRACTS: variable(
    path.optional(),
    'the compiled contracts: a path, or gs://bucket/name; the ones that came with the program where left out',
    'gs://tributary-lake/control/contracts.json',
  ),
  PII_KEYS_FILE: variable(path, 'the file of the PII keys (docs/interfaces.md#pii)', '/secrets/pii-keys.json'),

  PGHOST: variable(z.string().min(1), "the application database's host", '127.0.0.1'),
  PGPORT: variable(port.default(5432), "the application database's port", '5432'),
  PGUSER: variable(z.string().min(1), "the application database's user", 'tributary'),
  PGPASSWORD: variable(z.string().min(1), "the application database's password", 'from your secret store', {
    secret: true,
  }),
  PGDATABASE: variable(z.string().min(1).default('app'), "the application database's name", 'app'),

  PORT: variable(port, 'the port this process listens on; 0 picks a free one', '8080'),
  HOST: variable(
    z.string().min(1).default('127.0.0.1'),
    'the address this process listens on; 0.0.0.0 in a container',
    '127.0.0.1',
  ),

  OIDC_AUDIENCE: variable(
    list,
    'what OIDC tokens must be made out to, comma-separated: the URL of the function, or what its push subscription names',
    'https://notify-abc123-uc.a.run.app',
  ),
  OIDC_CALLERS: variable(
    list,
    'who may send events, comma-separated: e-mails of service accounts',
    'eventarc@tributary-dev.iam.gserviceaccount.com',
  ),
  OIDC_ISSUERS: variable(
    list.default(['https://accounts.google.com']),
    'whose OIDC tokens count, comma-separated',
    'https://accounts.google.com',
  ),
  OIDC_CERTS_URL: variable(
    url.optional(),
    "where the issuer's keys are, as PEM by key id; leave it out for Google's",
    'https://www.googleapis.com/oauth2/v1/certs',
  ),
  OIDC_SIGNATURE: variable(
    z.enum(['verify', 'cloud-run'], { error: 'expected verify or cloud-run' }).default('verify'),
    'who verifies the signature of OIDC tokens; cloud-run only where the service requires IAM authentication',
    'verify',
  ),

  SETTLE_SECONDS: variable(
    z.coerce.number({ error: 'expected a number of seconds' }).min(0).max(600).default(3),
    'how long transform waits for loads to stop before it starts, in seconds (at most ten times that)',
    '3',
  ),

  OPENLINEAGE_URL: variable(
    url.optional(),
    'who collects lineage, besides the lake: the base URL of a receiver of OpenLineage events',
    'http://127.0.0.1:5000',
  ),
  OPENLINEAGE_API_KEY: variable(
    z.string().min(1).optional(),
    'the key that the receiver of lineage asks for',
    'from your secret store',
    {
      secret: true,
    },
  ),

  SLACK_WEBHOOK_URL: variable(
    url.optional(),
    'where notify posts failures to Slack',
    'https://hooks.slack.com/services/…',
    { secret: true },
  ),
  GOOGLE_CHAT_WEBHOOK_URL: variable(
    url.optional(),
    'where notify posts failures to Google Chat',
    'https://chat.googleapis.com/v1/spaces/…',
    {
      secret: true,
    },
  ),
  TELEGRAM_BOT_TOKEN: variable(z.string().min(1).optional(), 'the bot that notify posts failures as', '123456:token', {
    secret: true,
  }),
  TELEGRAM_CHAT_ID: variable(z.string().min(1).optional(), 'the chat that notify posts failures to', '-1001234567890'),
  TELEGRAM_API_URL: variable(
    url.default('https://api.telegram.org'),
    'the Bot API that notify speaks to, where it is one of your own',
    'https://api.telegram.org',
  ),
  NOTIFY_REMIND_HOURS: variable(
    z.coerce.number({ error: 'expected a number of hours' }).positive().max(720).default(24),
    'after how many hours notify tells again of an incident that is still open and goes on',
    '24',
  ),
  NOTIFY_MAX_PER_MINUTE: variable(
    z.coerce.number({ error: 'expected a number of messages' }).int().min(1).max(60).default(5),
    'how many messages notify posts to a channel in a minute before the rest is one message',
    '5',
  ),
  RUN_URL_TEMPLATE: variable(
    z
      .string()
      .regex(/^https?:\/\/.*\{run_id\}/, 'expected an http(s) URL with {run_id} in it')
      .optional(),
    "where messages link to for a run; absent: Cloud Logging's lines of it",
    'https://console.cloud.google.com/logs/query;query=jsonPayload.run_id%3D%22{run_id}%22?project=tributary-dev',
  ),
  RUNBOOK_URL: variable(
    url.optional(),
    'the address of docs/runbooks, for links in messages; absent: messages name the file',
    'https://github.com/example/tributary/blob/main/docs/runbooks',
  ),
} as const;
