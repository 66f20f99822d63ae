import type { VariableReader } from './reader.ts';
import type { VARIABLES } from './variables.ts';

type Reader = VariableReader<typeof VARIABLES>;

export interface ProjectConfig {
  readonly projectId: string;
  readonly location: string;
}

export type LakeConfig = { readonly lakeBucket: string; readonly landingBucket: string } & (
  | { readonly adapter: 'minio'; readonly endpoint: string; readonly accessKey: string; readonly secretKey: string }
  /** `endpoint` is absent in the cloud. */
  | { readonly adapter: 'gcs'; readonly projectId: string; readonly endpoint: string | undefined }
);

export type BusConfig = { readonly topicPrefix: string } & (
  | { readonly adapter: 'kafka'; readonly brokers: readonly string[] }
  | { readonly adapter: 'pubsub'; readonly projectId: string; readonly endpoint: string | undefined }
);

export interface WarehouseConfig {
  readonly projectId: string;
  readonly location: string;
  /** Absent in the cloud. */
  readonly endpoint: string | undefined;
  /** Bytes, a decimal string as BigQuery takes it. */
  readonly maxBytesBilled: string;
}

export interface CostConfig {
  /** Undefined: nothing is ever stopped. */
  readonly dailyBytes: number | undefined;
}

export interface JobsConfig {
  readonly projectId: string;
  readonly location: string;
  /** `host:port` of a local Cloud Run Admin API; absent in the cloud. */
  readonly endpoint: string | undefined;
}

export type PipelineConfig =
  | { readonly launcher: 'flink'; readonly restUrl: string; readonly jarId: string }
  | {
      readonly launcher: 'dataflow';
      readonly projectId: string;
      readonly location: string;
      readonly template: string;
      /** Dataflow's workers have no mounts: they read the keys from a bucket. */
      readonly piiKeysFile: string;
      /** E-mail address of the account that workers run as; the project's default where left out. */
      readonly serviceAccount: string | undefined;
      /** Workers in it have no public address; the project's default network where left out. */
      readonly subnetwork: string | undefined;
      readonly tempLocation: string | undefined;
    };

export type MetricsConfig = { readonly projectId: string; readonly location: string } & (
  | { readonly adapter: 'otlp'; readonly endpoint: string }
  | { readonly adapter: 'cloud-monitoring' | 'none' }
);

export interface FeastConfig {
  readonly serverUrl: string;
}

export interface OnlineStoreConfig {
  readonly redisAddress: string;
  readonly redisPassword: string | undefined;
  readonly redisTls: boolean;
  /** PEM file of the authorities of Redis' certificate; those that the system trusts where left out. */
  readonly redisCaFile: string | undefined;
  readonly registry: string;
}

export interface PiiConfig {
  readonly keysFile: string;
}

export interface PostgresConfig {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export interface HttpConfig {
  readonly host: string;
  readonly port: number;
}

export interface OidcConfig {
  /** What tokens must be made out to. */
  readonly audiences: readonly string[];
  readonly issuers: readonly string[];
  /** Absent: Google's. */
  readonly certsUrl: string | undefined;
  /** Who verifies signatures: we, or Cloud Run before us. */
  readonly signature: 'verify' | 'cloud-run';
}

export interface AccessConfig {
  /** Where a function listens. */
  readonly host: string;
  /** Absent where only this machine can call. */
  readonly oidc: OidcConfig | undefined;
}

export interface EventsConfig {
  /** Where a function listens. */
  readonly host: string;
  /** Absent where only this machine can call. */
  readonly oidc: (OidcConfig & { readonly callers: readonly string[] }) | undefined;
  /** The topic of chain events. */
  readonly chainTopic: string;
}

export interface ChainConfig {
  readonly settleSeconds: number;
}

export interface LineageConfig {
  readonly url: string | undefined;
  readonly apiKey: string | undefined;
}

export interface NotifyConfig {
  readonly slackWebhookUrl: string | undefined;
  readonly googleChatWebhookUrl: string | undefined;
  readonly telegramBotToken: string | undefined;
  readonly telegramChatId: string | undefined;
  readonly telegramApiUrl: string;
  /** After which an incident that is still open, and goes on, is told again. */
  readonly remindHours: number;
  /** Messages of one channel in a minute, before the rest is one message. */
  readonly maxPerMinute: number;
  readonly links: { readonly runUrlTemplate: string | undefined; readonly runbookUrl: string | undefined };
}

const oidc = (read: Reader): OidcConfig => ({
  audiences: read.get('OIDC_AUDIENCE'),
  issuers: read.get('OIDC_ISSUERS'),
  certsUrl: read.get('OIDC_CERTS_URL'),
  signature: read.get('OIDC_SIGNATURE'),
});

/** Whether only processes of this machine can connect. */
const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(host);

/** In the cloud, the log lines of a run. https://cloud.google.com/logging/docs/view/logs-explorer-interface#share-logs-explorer-link */
function logsOfRun(read: Reader): string | undefined {
  if (read.get('BIGQUERY_ENDPOINT')) return undefined;
  return `https://console.cloud.google.com/logs/query;query=jsonPayload.run_id%3D%22{run_id}%22;duration=P7D?project=${read.get('PROJECT_ID')}`;
}

/** A section asks for the variables that its selected adapter needs, and no others. */
export const SECTIONS = {
  project: (read: Reader): ProjectConfig => ({ projectId: read.get('PROJECT_ID'), location: read.get('LOCATION') }),

  lake: (read: Reader): LakeConfig => {
    const buckets = { lakeBucket: read.get('LAKE_BUCKET'), landingBucket: read.get('LANDING_BUCKET') };
    if (read.get('LAKE') === 'gcs') {
      return { adapter: 'gcs', ...buckets, projectId: read.get('PROJECT_ID'), endpoint: read.get('GCS_ENDPOINT') };
    }
    return {
      adapter: 'minio',
      ...buckets,
      endpoint: read.get('MINIO_ENDPOINT'),
      accessKey: read.get('MINIO_ACCESS_KEY'),
      secretKey: read.get('MINIO_SECRET_KEY'),
    };
  },

  bus: (read: Reader): BusConfig => {
    const topicPrefix = read.get('TOPIC_PREFIX');
    if (read.get('BUS') === 'pubsub') {
      return {
        adapter: 'pubsub',
        topicPrefix,
        projectId: read.get('PROJECT_ID'),
        endpoint: read.get('PUBSUB_ENDPOINT'),
      };
    }
    return { adapter: 'kafka', topicPrefix, brokers: read.get('KAFKA_BROKERS') };
  },

  warehouse: (read: Reader): WarehouseConfig => ({
    projectId: read.get('PROJECT_ID'),
    location: read.get('BIGQUERY_LOCATION'),
    endpoint: read.get('BIGQUERY_ENDPOINT'),
    maxBytesBilled: read.get('MAX_BYTES_BILLED'),
  }),

  cost: (read: Reader): CostConfig => ({ dailyBytes: read.get('DAILY_BYTES_BUDGET') }),

  jobs: (read: Reader): JobsConfig => ({
    projectId: read.get('PROJECT_ID'),
    location: read.get('LOCATION'),
    endpoint: read.get('RUN_ENDPOINT'),
  }),

  pipeline: (read: Reader): PipelineConfig => {
    if (read.get('PIPELINE_LAUNCHER') === 'dataflow') {
      return {
        launcher: 'dataflow',
        projectId: read.get('PROJECT_ID'),
        location: read.get('LOCATION'),
        template: read.get('DATAFLOW_TEMPLATE'),
        piiKeysFile: read.get('PIPELINE_PII_KEYS_FILE'),
        serviceAccount: read.get('DATAFLOW_SERVICE_ACCOUNT'),
        subnetwork: read.get('DATAFLOW_SUBNETWORK'),
        tempLocation: read.get('DATAFLOW_TEMP_LOCATION'),
      };
    }
    return { launcher: 'flink', restUrl: read.get('FLINK_REST_URL'), jarId: read.get('PIPELINE_JAR_ID') };
  },

  metrics: (read: Reader): MetricsConfig => {
    const adapter = read.get('METRICS');
    if (adapter === 'none') return { adapter, projectId: '', location: '' };
    const place = { projectId: read.get('PROJECT_ID'), location: read.get('LOCATION') };
    return adapter === 'otlp' ? { adapter, ...place, endpoint: read.get('METRICS_ENDPOINT') } : { adapter, ...place };
  },

  feast: (read: Reader): FeastConfig => ({ serverUrl: read.get('FEAST_SERVER_URL') }),

  onlineStore: (read: Reader): OnlineStoreConfig => ({
    redisAddress: read.get('REDIS_ADDRESS'),
    redisPassword: read.get('REDIS_PASSWORD'),
    redisTls: read.get('REDIS_TLS') === 'true',
    redisCaFile: read.get('REDIS_CA_FILE'),
    registry: read.get('FEAST_REGISTRY'),
  }),

  pii: (read: Reader): PiiConfig => ({ keysFile: read.get('PII_KEYS_FILE') }),

  postgres: (read: Reader): PostgresConfig => ({
    host: read.get('PGHOST'),
    port: read.get('PGPORT'),
    user: read.get('PGUSER'),
    password: read.get('PGPASSWORD'),
    database: read.get('PGDATABASE'),
  }),

  http: (read: Reader): HttpConfig => ({ host: read.get('HOST'), port: read.get('PORT') }),

  access: (read: Reader): AccessConfig => ({
    host: read.get('HOST'),
    oidc: isLoopback(read.get('HOST')) ? undefined : oidc(read),
  }),

  events: (read: Reader): EventsConfig => ({
    host: read.get('HOST'),
    oidc: isLoopback(read.get('HOST')) ? undefined : { ...oidc(read), callers: read.get('OIDC_CALLERS') },
    chainTopic: `${read.get('TOPIC_PREFIX')}chain`,
  }),

  chain: (read: Reader): ChainConfig => ({ settleSeconds: read.get('SETTLE_SECONDS') }),

  lineage: (read: Reader): LineageConfig => ({
    url: read.get('OPENLINEAGE_URL'),
    apiKey: read.get('OPENLINEAGE_API_KEY'),
  }),

  notify: (read: Reader): NotifyConfig => ({
    slackWebhookUrl: read.get('SLACK_WEBHOOK_URL'),
    googleChatWebhookUrl: read.get('GOOGLE_CHAT_WEBHOOK_URL'),
    telegramBotToken: read.get('TELEGRAM_BOT_TOKEN'),
    telegramChatId: read.get('TELEGRAM_CHAT_ID'),
    telegramApiUrl: read.get('TELEGRAM_API_URL'),
    remindHours: read.get('NOTIFY_REMIND_HOURS'),
    maxPerMinute: read.get('NOTIFY_MAX_PER_MINUTE'),
    links: { runUrlTemplate: read.get('RUN_URL_TEMPLATE') ?? logsOfRun(read), runbookUrl: read.get('RUNBOOK_URL') },
  }),
} as const;
