import { TransientError, type TributaryError, UserError } from '@tributary/platform/errors';

/** What a command's failure means, by what it prints: the first pattern that matches decides. */
interface Known {
  readonly pattern: RegExp;
  readonly code: DeliveryCode;
  readonly transient?: true;
  readonly fix: string;
}

/** Codes of failures of gcloud, terraform and docker, and of the deploy itself. */
export type DeliveryCode =
  /** Nobody is signed in, or the sign-in has expired. */
  | 'NOT_SIGNED_IN'
  | 'PERMISSION_DENIED'
  /** Another Terraform run holds the state, or one that died left its lock. */
  | 'STATE_LOCKED'
  /** The state has changed since the plan was made. */
  | 'PLAN_STALE'
  | 'QUOTA_EXCEEDED'
  | 'API_DISABLED'
  | 'BACKEND_BUSY'
  /** A program is not on PATH. */
  | 'TOOL_MISSING'
  /** A command failed in a way that is not known here. */
  | 'COMMAND_FAILED'
  /** A command printed something else than its documentation says. */
  | 'UNEXPECTED_OUTPUT';

const KNOWN: readonly Known[] = [
  {
    pattern: /Error acquiring the state lock|state lock/i,
    code: 'STATE_LOCKED',
    transient: true,
    fix: 'Another deploy holds Terraform\'s lock; wait for it and run the command again. If none runs (one was killed), release it with "terraform force-unlock <ID>" using the ID above',
  },
  {
    pattern: /Saved plan is stale/i,
    code: 'PLAN_STALE',
    transient: true,
    fix: 'Another deploy changed the state after this plan was made; run the command again',
  },
  {
    pattern:
      /gcloud auth login|Reauthentication|invalid_grant|do not currently have an active account|default credentials/i,
    code: 'NOT_SIGNED_IN',
    fix: 'Run "gcloud auth login" and "gcloud auth application-default login", then the command again',
  },
  {
    pattern: /has not been used in project|SERVICE_DISABLED|API .* is not enabled/i,
    code: 'API_DISABLED',
    fix: 'APIs take a few minutes after they are enabled; run the command again then',
  },
  {
    pattern: /PERMISSION_DENIED|does not have permission|Permission .* denied|\b403\b/i,
    code: 'PERMISSION_DENIED',
    fix: 'Ask an owner of the project for the roles of the deployer (terraform/modules/delivery lists each with its reason)',
  },
  {
    pattern: /quota|RESOURCE_EXHAUSTED/i,
    code: 'QUOTA_EXCEEDED',
    fix: 'Ask for more at https://console.cloud.google.com/iam-admin/quotas, or choose another --region',
  },
  {
    pattern: /UNAVAILABLE|DEADLINE_EXCEEDED|\b50[0234]\b|connection reset|timed? ?out/i,
    code: 'BACKEND_BUSY',
    transient: true,
    fix: 'Google did not answer; run the command again',
  },
];

/** How much of a failed command's output its error shows. */
const SHOWN_LINES = 12;

/** The typed error of a command that ended with a status other than 0. */
export function commandFailed(shown: string, exitCode: number, stderr: string): TributaryError {
  const known = KNOWN.find(({ pattern }) => pattern.test(stderr));
  const tail = stderr.trimEnd().split('\n').slice(-SHOWN_LINES).join('\n  ');
  const fix = known?.fix ?? 'The lines above are its own; mend what they name and run the deploy again';
  const message = `"${shown}" ended with status ${exitCode}:\n  ${tail}\n${fix}.`;
  const Kind = known?.transient ? TransientError : UserError;
  return new Kind(known?.code ?? 'COMMAND_FAILED', message);
}
