import { TransientError, UserError } from '@tributary/platform/errors';

/** `uses:` of an action in a repository: not a path of this one, not a container. */
const USES = /^(\s*(?:-\s+)?uses:\s*)(["']?)([\w.-]+\/[\w./-]+)@([\w./-]+)\2[ \t]*(?:#[ \t]*(\S+).*)?$/gm;
const COMMIT = /^[0-9a-f]{40}$/;
const TIMEOUT_MS = 30_000;

/** The actions that a workflow uses, as `owner/repository[/path]@ref`: the ref is the one that a pinned action's comment names. */
export function actionsOf(workflow: string): string[] {
  return [...workflow.matchAll(USES)].map(([, , , action, ref = '', comment]) =>
    COMMIT.test(ref) && comment ? `${action}@${comment}` : `${action}@${ref}`,
  );
}

/** What of a workflow is not pinned as the lock file says; empty where all is. */
export function unpinnedIn(workflow: string, locked: Readonly<Record<string, string | null>>): string[] {
  return [...workflow.matchAll(USES)].flatMap(([, , , action, ref = '', comment]) => {
    const wanted = locked[`${action}@${comment}`];
    return COMMIT.test(ref) && wanted === ref ? [] : [`${action}@${ref}`];
  });
}

/** The workflow with each action by its commit, and the ref that people read beside it. */
export function pinnedWorkflow(workflow: string, locked: Readonly<Record<string, string | null>>): string {
  return workflow.replaceAll(USES, (line, before, _quote, action, ref, comment) => {
    const name = COMMIT.test(ref) && comment ? comment : ref;
    const commit = locked[`${action}@${name}`];
    return commit ? `${before}${action}@${commit} # ${name}` : line;
  });
}

/**
 * The commit that a ref of an action's repository stands for now.
 *
 * @param use `owner/repository[/path]@ref`
 * @param api GitHub's, or a server's own; a token in `token` raises the limit of 60 requests an hour. https://docs.github.com/rest/commits/commits#get-a-commit
 * @throws {TransientError} GITHUB_UNREACHABLE; {UserError} NO_SUCH_ACTION
 */
export async function commitOf(use: string, { api, token }: { api: string; token?: string }): Promise<string> {
  const [path = '', ref = ''] = use.split('@');
  if (COMMIT.test(ref)) return ref;
  const [owner, repository] = path.split('/');
  const url = `${api}/repos/${owner}/${repository}/commits/${encodeURIComponent(ref)}`;
  let response: Response;
  try {
    response = await fetch(url, {
      // Only the SHA, as text.
      headers: { accept: 'application/vnd.github.sha', ...(token ? { authorization: `Bearer ${token}` } : {}) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    throw new TransientError(
      'GITHUB_UNREACHABLE',
      `${use} could not be asked for at ${api}: ${(error as Error).message}.`,
      { cause: error },
    );
  }
  const text = (await response.text()).trim();
  if (response.status === 404 || response.status === 422)
    throw new UserError('NO_SUCH_ACTION', `GitHub knows no ${use}; mend the workflow that uses it.`);
  if (!response.ok || !COMMIT.test(text))
    throw new TransientError(
      'GITHUB_UNREACHABLE',
      `${api} answered HTTP ${response.status} for ${use}. Without GITHUB_TOKEN it answers 60 requests an hour.`,
    );
  return text;
}
