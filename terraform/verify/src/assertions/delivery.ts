import { blocks, type Planned, text, UNKNOWN, type Violation } from '../planned.ts';
import { deliverers, type Table } from '../table.ts';

const DEFAULT_ACCOUNT = /-compute@developer\.gserviceaccount\.com$|@appspot\.gserviceaccount\.com$/;

/**
 * Every push subscription, Eventarc trigger and HTTP schedule signs in, with an account that does nothing else: neither a deployable's own, nor another trigger's.
 */
export function deliveriesSignIn(plan: readonly Planned[], table: Table): Violation[] {
  const known = deliverers(table);
  const running = new Set(
    [...Object.values(table.deployables), ...Object.values(table.accounts)].map(({ account }) => account),
  );
  const usedBy = new Map<string, string>();
  const found: Violation[] = [];
  const sign = (at: string, what: string, email: string | undefined): void => {
    if (email === undefined) {
      found.push({ at, says: `${what} without an OIDC token of a service account` });
      return;
    }
    const id = email.split('@')[0] ?? '';
    if (DEFAULT_ACCOUNT.test(email)) found.push({ at, says: `${what} as the project's default account` });
    else if (running.has(id)) found.push({ at, says: `${what} as ${id}, which a deployable runs as` });
    else if (!known.has(id)) found.push({ at, says: `${what} as ${id}, which is no trigger's of the table` });
    const other = usedBy.get(id);
    if (other !== undefined) found.push({ at, says: `${what} as ${id}, which ${other} is delivered by too` });
    usedBy.set(id, at);
  };
  for (const { address, type, values } of plan) {
    if (type === 'google_pubsub_subscription')
      for (const push of blocks(values, 'push_config')) {
        const [token = {}] = blocks(push, 'oidc_token');
        sign(address, 'pushes', text(token, 'service_account_email'));
        if (text(token, 'audience') === undefined) found.push({ at: address, says: 'pushes a token for any audience' });
      }
    if (type === 'google_cloudfunctions2_function')
      for (const trigger of blocks(values, 'event_trigger')) {
        sign(address, 'is triggered', text(trigger, 'service_account_email'));
        if (trigger.retry_policy !== 'RETRY_POLICY_RETRY')
          found.push({
            at: address,
            says: 'drops an event after one failure: retry_policy must be RETRY_POLICY_RETRY',
          });
      }
    if (type === 'google_eventarc_trigger') sign(address, 'is triggered', text(values, 'service_account'));
    if (type === 'google_cloud_scheduler_job')
      for (const target of blocks(values, 'http_target'))
        sign(address, 'calls', text(blocks(target, 'oidc_token')[0] ?? {}, 'service_account_email'));
  }
  return found;
}

/** Every subscription retries with a pause and gives up into a dead-letter topic, but the one that keeps what was given up. */
export function subscriptionsGiveUpSafely(plan: readonly Planned[]): Violation[] {
  const subscriptions = plan.filter(({ type }) => type === 'google_pubsub_subscription');
  const deadLetterTopics = new Set(
    subscriptions.flatMap(({ values }) =>
      blocks(values, 'dead_letter_policy').map((policy) => policy.dead_letter_topic),
    ),
  );
  // Two topics that are not known are not the same one.
  deadLetterTopics.delete(UNKNOWN);
  const found: Violation[] = [];
  for (const { address, values } of subscriptions) {
    const keepsDeadLetters = deadLetterTopics.has(values.topic);
    const [policy] = blocks(values, 'dead_letter_policy');
    if (policy === undefined && !keepsDeadLetters)
      found.push({ at: address, says: 'has no dead_letter_policy: what it cannot take blocks it until it is lost' });
    if (policy !== undefined && text(policy, 'dead_letter_topic') === undefined)
      found.push({ at: address, says: 'its dead_letter_policy names no topic' });
    if (blocks(values, 'retry_policy').length === 0)
      found.push({ at: address, says: 'has no retry_policy: what fails is sent again at once, without end' });
  }
  for (const topic of deadLetterTopics)
    if (!subscriptions.some(({ values }) => values.topic === topic))
      found.push({ at: String(topic), says: 'takes dead letters that no subscription keeps' });
  return found;
}
