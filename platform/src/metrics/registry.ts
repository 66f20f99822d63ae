import { counter, duration, gauge, label, type MetricDeclaration } from './declare.ts';

const STREAM = label('stream of a contract, or _unknown', 11);
const VIEW = label('feature view', 10);
const CODE = label("the error's stable code; empty where there was none", 30);
const FUNCTION = label('cloud function', 10);
const COMMIT = label('group commit: load-<stream>, rewrite-<stream>, transform, …', 30);
const STAGE = label('what the event chain did: load, transform, quality, materialize, landing', 6);
const OUTCOME = label('ok or failed', 2);

/** Of answers to events and pushes. */
const SHORT = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] as const;
/** Of loads and jobs. */
const LONG = [0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600] as const;

/**
 * Every metric there is. Code records these and no others (./record.ts takes no other name or label), docs/metrics.md is made of them, and dashboards and
 * alerts are checked against them. Instants are Unix seconds: an age would be wrong as soon as its reporter stops, while `time() - instant` goes on growing.
 */
export const METRICS = {
  'tributary.function.events': counter('{event}', 'Requests that a function answered.', {
    function: FUNCTION,
    outcome: label('ok: dealt with; refused: 4xx, not sent again; again: 503, sent again; failed: 500, sent again', 4),
    code: CODE,
  }),
  'tributary.function.duration': duration(
    'How long a function took to answer a request.',
    { function: FUNCTION, outcome: label('as of tributary.function.events', 4) },
    SHORT,
  ),

  'tributary.stage.runs': counter('{run}', 'Steps of the event chain that ended; each is told by one chain event.', {
    stage: STAGE,
    outcome: OUTCOME,
    code: CODE,
  }),
  'tributary.stage.duration': duration(
    'How long a step took, from its start to its chain event: of a stage with a job, the job.',
    { stage: STAGE, outcome: OUTCOME },
    LONG,
  ),
  'tributary.stage.rows': counter(
    '{row}',
    'Rows that a step brought to its end: loaded, built, put online, ingested.',
    {
      stage: STAGE,
      of: label('stream or view; `several` where one step had more than one', 22),
    },
  ),
  'tributary.stage.bytes': counter('By', 'Bytes of the objects that a step took.', { stage: STAGE, of: STREAM }),
  'tributary.stage.bytes_billed': counter('By', 'Bytes that BigQuery billed for a step, as its chain event says.', {
    stage: STAGE,
  }),
  'tributary.stage.waited': duration(
    'How long the longest waiting arrival of a step waited for it to begin.',
    { stage: STAGE },
    LONG,
  ),
  'tributary.incident.events': counter('{event}', 'Incidents that were raised or cleared, as told to people.', {
    event: label('raised or cleared', 2),
    code: CODE,
  }),

  'tributary.commit.lease': counter('{attempt}', 'Attempts to take the lease of a group commit.', {
    commit: COMMIT,
    outcome: label('taken, or elsewhere: somebody else holds it and does the work', 2),
  }),
  'tributary.commit.held': duration('How long the lease of a group commit was held.', { commit: COMMIT }, LONG),
  'tributary.commit.waiting': gauge('{arrival}', 'Arrivals on record, those being worked on included.', {
    commit: COMMIT,
  }),
  'tributary.commit.open': gauge('1', 'Whether a group commit has a manifest that is being worked on: 1 or 0.', {
    commit: COMMIT,
  }),

  'tributary.sweep.repairs': counter('{repair}', 'What the sweep found and mended; a few are a crash, many a fault.', {
    commit: COMMIT,
    repaired: label(
      'event: an object or file whose event never came; arrival: on record with nobody at it; job: died, or never began',
      3,
    ),
  }),

  'tributary.stream.newest_event': gauge(
    's',
    'Event time of the newest row that can be queried in staging, Unix time.',
    {
      stream: STREAM,
    },
  ),
  'tributary.stream.freshness_limit': gauge('s', 'How old the newest row may be, by the contract.', { stream: STREAM }),
  'tributary.view.newest_event': gauge('s', 'Event timestamp of the newest row that is served online, Unix time.', {
    view: VIEW,
  }),

  'tributary.dead_letter.open': gauge('{letter}', 'Dead letters in the lake that were not replayed.', {
    stream: STREAM,
    stage: label('bridge, pipeline, landing or load', 4),
  }),
  'tributary.dead_letter.letters': counter('{letter}', 'Dead letters as they came into the lake.', {
    stream: STREAM,
    stage: label('bridge, pipeline, landing or load', 4),
    reason: label('reason code; unread where more came at once than are read', 9),
  }),
  'tributary.quarantine.objects': gauge('{object}', 'Objects in quarantine.', { stream: STREAM }),
  'tributary.observer.looked': gauge('s', 'When the observer last looked at lake and warehouse, Unix time.'),

  'tributary.cost.bytes_billed_today': gauge(
    'By',
    'Bytes that BigQuery billed in the day of its quotas, Pacific Time.',
    {
      stage: label('part of the platform, by the label of its BigQuery jobs', 20),
    },
  ),
  'tributary.cost.budget': gauge('By', 'DAILY_BYTES_BUDGET; no series where nothing is ever stopped.'),

  'tributary.bridge.records': counter(
    '{record}',
    "Records of Debezium's batches, once the bus had acknowledged them.",
    {
      outcome: label('change, dead_letter or ignored', 3),
    },
  ),
  'tributary.bridge.batches': counter('{batch}', "Debezium's batches.", {
    outcome: OUTCOME,
    code: CODE,
  }),
  'tributary.bridge.duration': duration(
    'How long a batch took, from its first byte to the acknowledgement.',
    {},
    SHORT,
  ),
  'tributary.bridge.newest_change': gauge('s', "The database's commit time of the newest change published, Unix time."),

  'tributary.push.rows': counter('{row}', 'Windowed feature rows taken from the bus.', {
    view: VIEW,
    outcome: label('pushed; superseded: a newer row of the entity was at hand or online; refused', 3),
  }),
  'tributary.push.erased': counter(
    '{row}',
    'Feature rows of somebody who was erased, which were kept from going online.',
    {
      door: label('bus: from the features topic; push and write: requests to the feature server', 3),
    },
  ),
  'tributary.push.duration': duration(
    'How long it took to write one batch of a view from the bus into the online store.',
    { outcome: OUTCOME },
    SHORT,
  ),

  'tributary.seed.operations': counter(
    '{operation}',
    "Operations written to the application's database by the seeder.",
    {
      operation: label('inserted, updated or deleted', 3),
    },
  ),
  'tributary.replay.letters': counter('{letter}', 'Dead letters and quarantined objects that a replay looked at.', {
    stream: STREAM,
    outcome: label('replayed, refused or final', 3),
  }),

  'tributary.pipeline.events': counter(
    '{event}',
    "What the pipeline's own counters count. On Dataflow they are its custom counters.",
    {
      counter: label('namespace.name of a Beam counter, such as dedupe.duplicates', 20),
    },
  ),
  'tributary.pipeline.running': gauge('1', 'Whether the streaming job runs: 1 or 0.'),
  'tributary.pipeline.newest_checkpoint': gauge('s', 'When the newest checkpoint was completed, Unix time.'),
  'tributary.pipeline.checkpoint_duration': gauge('s', 'How long the newest completed checkpoint took.'),
  'tributary.bus.lag': gauge(
    '{message}',
    'Messages that a consumer group has not taken yet; on Pub/Sub its own metrics have it.',
    {
      topic: label('topic without its prefix', 4),
      group: label('consumer group', 16),
    },
  ),
} as const satisfies Readonly<Record<`tributary.${string}`, MetricDeclaration>>;

export type MetricName = keyof typeof METRICS;
