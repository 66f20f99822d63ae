import { BigQuery } from '@google-cloud/bigquery';
import { PassThroughClient } from 'google-auth-library';

export interface BigQuerySettings {
  readonly projectId: string;
  readonly location: string;
  /** Of an emulator; absent in the cloud. */
  readonly endpoint: string | undefined;
  /** The most one query may be billed for, in bytes. */
  readonly maxBytesBilled: string;
}

/** The client of BigQuery, or of an emulator of it. */
export function bigQueryClient(settings: Pick<BigQuerySettings, 'projectId' | 'location' | 'endpoint'>): BigQuery {
  return new BigQuery({
    projectId: settings.projectId,
    location: settings.location,
    // Repeating is decided by our own table of reasons.
    autoRetry: false,
    ...(settings.endpoint ? { apiEndpoint: settings.endpoint, authClient: new PassThroughClient() } : {}),
  });
}
