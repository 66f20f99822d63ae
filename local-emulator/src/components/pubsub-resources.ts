import { type ChainEventType, chainEventType } from '@tributary/platform/events';

/** A subscription as Pub/Sub's JSON API takes it. https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions */
export interface SubscriptionResource {
  readonly name: string;
  readonly topic: string;
  readonly ackDeadlineSeconds: number;
  readonly enableMessageOrdering: boolean;
  readonly filter?: string;
  readonly retryPolicy: { readonly minimumBackoff: string; readonly maximumBackoff: string };
  readonly deadLetterPolicy?: { readonly deadLetterTopic: string; readonly maxDeliveryAttempts: number };
}

/** Topics by role, as terraform/modules/bus makes them; and `landing-objects`, which is what Eventarc makes for its own trigger. */
const TOPICS = [
  'changes',
  'dead-letter',
  'features',
  'chain',
  'lake-objects',
  'landing-objects',
  'undeliverable',
] as const;
export type TopicRole = (typeof TOPICS)[number];

/** Those whose subscribers ask for messages, as terraform/modules/bus makes them: topic, group, order, and attempts before a message is undeliverable. */
const PULLED: readonly (readonly [TopicRole, string, { ordered: boolean; attempts: number | undefined }])[] = [
  ['changes', 'pipeline', { ordered: false, attempts: 100 }],
  ['dead-letter', 'pipeline', { ordered: false, attempts: 100 }],
  ['features', 'feature-push', { ordered: true, attempts: 20 }],
  ['undeliverable', 'kept', { ordered: false, attempts: undefined }],
];

/** A subscription of a function: its topic, and of chain events only some types. */
export interface PushedTo {
  readonly function: string;
  readonly topic: TopicRole;
  readonly types?: readonly ChainEventType[];
}

/** Of a push, before a message goes to `undeliverable`. */
const PUSH_ATTEMPTS = 5;

/** The cloud waits 10 to 600 s; here somebody is watching. */
const RETRY_POLICY = { minimumBackoff: '1s', maximumBackoff: '10s' };

/** Renewed while a request is under way. A subscriber that died gives its messages back after this long. */
export const LEASE_SECONDS = 20;

/** Names of topics and subscriptions of a project. */
export class PubSubResources {
  readonly #project: string;
  readonly #prefix: string;

  constructor(project: string, topicPrefix: string) {
    this.#project = project;
    this.#prefix = topicPrefix;
  }

  topic(role: TopicRole): string {
    return `projects/${this.#project}/topics/${this.#prefix}${role}`;
  }

  subscription(topic: TopicRole, group: string): string {
    return `projects/${this.#project}/subscriptions/${this.#prefix}${topic}.${group}`;
  }

  topics(): string[] {
    return TOPICS.map((role) => this.topic(role));
  }

  subscriptions(pushed: readonly PushedTo[]): SubscriptionResource[] {
    return [
      ...PULLED.map(([topic, group, { ordered, attempts }]) => this.#resource(topic, group, ordered, attempts)),
      ...pushed.map((each) => ({
        ...this.#resource(each.topic, each.function, false, PUSH_ATTEMPTS),
        ...(each.types ? { filter: each.types.map(filterOf).join(' OR ') } : {}),
      })),
    ];
  }

  #resource(topic: TopicRole, group: string, ordered: boolean, attempts: number | undefined): SubscriptionResource {
    const deadLetterTopic = this.topic('undeliverable');
    return {
      name: this.subscription(topic, group),
      topic: this.topic(topic),
      ackDeadlineSeconds: LEASE_SECONDS,
      enableMessageOrdering: ordered,
      retryPolicy: RETRY_POLICY,
      ...(attempts ? { deadLetterPolicy: { deadLetterTopic, maxDeliveryAttempts: attempts } } : {}),
    };
  }
}

/** https://cloud.google.com/pubsub/docs/subscription-message-filter#filtering_syntax */
function filterOf(type: ChainEventType): string {
  return `attributes."ce-type" = "${chainEventType(type)}"`;
}
