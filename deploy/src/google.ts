import { TransientError, UserError } from '@tributary/platform/errors';
import { type AuthClient, GoogleAuth } from 'google-auth-library';

/** What a deploy asks Google without gcloud. */
export interface Google {
  /** Whether Terraform's own credentials (application default) give a token. @throws {UserError} NOT_SIGNED_IN */
  checkCredentials(): Promise<void>;
  /** Those of `permissions` that the caller has on the project. */
  testPermissions(project: string, permissions: readonly string[]): Promise<readonly string[]>;
  /** An ID token of a service account for an audience, which the caller may ask for. It is kept in memory only. */
  idToken(serviceAccount: string, audience: string): Promise<string>;
}

/** https://cloud.google.com/resource-manager/reference/rest/v3/projects/testIamPermissions */
const MAX_PERMISSIONS_PER_CALL = 100;

/** Addresses that gcloud takes too, where a network has its own way to Google. https://cloud.google.com/sdk/gcloud/reference/config/set#api_endpoint_overrides */
const override = (environment: NodeJS.ProcessEnv, api: string, usual: string): string =>
  (environment[`CLOUDSDK_API_ENDPOINT_OVERRIDES_${api}`] || usual).replace(/\/$/, '');

/** Google by the application default credentials. */
export function createGoogle(environment: NodeJS.ProcessEnv = process.env): Google {
  const resourceManager = override(environment, 'CLOUDRESOURCEMANAGER', 'https://cloudresourcemanager.googleapis.com');
  const credentials = override(environment, 'IAMCREDENTIALS', 'https://iamcredentials.googleapis.com');
  let known: AuthClient | undefined;
  const client = async (): Promise<AuthClient> => {
    known ??= await new GoogleAuth({ scopes: ['https://www.googleapis.com/auth/cloud-platform'] }).getClient();
    return known;
  };
  const post = async <T>(url: string, data: object): Promise<T> => {
    try {
      return (await (await client()).request<T>({ url, method: 'POST', data, retry: true })).data;
    } catch (error) {
      throw typed(error, url);
    }
  };
  return {
    async checkCredentials() {
      try {
        await (await client()).getAccessToken();
      } catch {
        // The cause is not repeated: the library quotes what the token endpoint answered.
        throw new UserError(
          'NOT_SIGNED_IN',
          'There are no application default credentials, or they have expired: Terraform signs in with them. Run "gcloud auth application-default login".',
        );
      }
    },
    async testPermissions(project, permissions) {
      const held: string[] = [];
      for (let at = 0; at < permissions.length; at += MAX_PERMISSIONS_PER_CALL) {
        const answer = await post<{ permissions?: string[] }>(
          `${resourceManager}/v3/projects/${project}:testIamPermissions`,
          {
            permissions: permissions.slice(at, at + MAX_PERMISSIONS_PER_CALL),
          },
        );
        held.push(...(answer.permissions ?? []));
      }
      return held;
    },
    async idToken(serviceAccount, audience) {
      const url = `${credentials}/v1/projects/-/serviceAccounts/${serviceAccount}:generateIdToken`;
      return (await post<{ token: string }>(url, { audience, includeEmail: true })).token;
    },
  };
}

function typed(error: unknown, url: string): Error {
  const status = (error as { response?: { status?: number } }).response?.status;
  if (status === 403 || status === 401)
    return new UserError(
      'PERMISSION_DENIED',
      `${url} answered ${status}: the signed-in account may not call it. Ask an owner of the project.`,
    );
  if (status !== undefined && status < 500 && status !== 429)
    return new UserError('COMMAND_FAILED', `${url} answered ${status}; check --project and --env.`);
  return new TransientError(
    'BACKEND_BUSY',
    `${url} did not answer (${status ?? 'no connection'}); run the command again.`,
  );
}
