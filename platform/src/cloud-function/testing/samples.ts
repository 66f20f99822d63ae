import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** A request as Google posts it, and what a function that it is not for answers. */
export interface SamplePost {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** 204: an event, of somebody else's. 400: none that functions take. */
  readonly answer: 204 | 400;
}

interface SampleEvent {
  readonly name: string;
  readonly type: string;
  readonly source: string;
  readonly subject?: string;
  readonly data: unknown;
}

const FOLDER = new URL('google-samples/', import.meta.url);

/** Which event has the data of a folder. https://cloud.google.com/eventarc/docs/cloudevents */
const TYPES: Readonly<Record<string, readonly [type: string, source: string]>> = {
  audit: ['google.cloud.audit.log.v1.written', '//cloudaudit.googleapis.com/projects/p/logs/activity'],
  cloudbuild: ['google.cloud.cloudbuild.build.v1.statusChanged', '//cloudbuild.googleapis.com/projects/p/builds/1'],
  firestore: [
    'google.cloud.firestore.document.v1.written',
    '//firestore.googleapis.com/projects/p/databases/(default)',
  ],
  pubsub: ['google.cloud.pubsub.topic.v1.messagePublished', '//pubsub.googleapis.com/projects/p/topics/other'],
  scheduler: [
    'google.cloud.scheduler.job.v1.executed',
    '//cloudscheduler.googleapis.com/projects/p/locations/l/jobs/j',
  ],
  storage: ['google.cloud.storage.object.v1.finalized', '//storage.googleapis.com/projects/_/buckets/sample-bucket'],
  analytics: ['google.firebase.analytics.log.v1.written', '//firebaseanalytics.googleapis.com/projects/p/apps/a'],
  auth: ['google.firebase.auth.user.v1.created', '//firebaseauth.googleapis.com/projects/p'],
  database: ['google.firebase.database.ref.v1.written', '//firebasedatabase.googleapis.com/projects/_/instances/i'],
  remoteconfig: [
    'google.firebase.remoteconfig.remoteConfig.v1.updated',
    '//firebaseremoteconfig.googleapis.com/projects/p',
  ],
  testlab: ['google.firebase.testlab.testMatrix.v1.completed', '//firebasetestlab.googleapis.com/projects/p'],
  firebasealerts: ['google.firebase.firebasealerts.alerts.v1.published', '//firebasealerts.googleapis.com/projects/1'],
};

/** What else may have happened to an object. https://cloud.google.com/eventarc/docs/cloudevents#storage */
const OTHER_STORAGE_TYPES = ['deleted', 'archived', 'metadataUpdated'];

/** https://cloud.google.com/storage/docs/pubsub-notifications#events */
const OTHER_NOTIFICATIONS = ['OBJECT_DELETE', 'OBJECT_ARCHIVE', 'OBJECT_METADATA_UPDATE'];

/** Every published sample, in every form in which it may come. google-samples/README.md has where they are from. */
export function googleSamples(): SamplePost[] {
  const posts: SamplePost[] = [];
  for (const file of jsonFiles()) {
    const text = readFileSync(new URL(file, FOLDER), 'utf8');
    if (file.endsWith('-legacy-input.json')) {
      const body = Buffer.from(text);
      posts.push({
        name: `${file}, background event`,
        headers: { 'content-type': 'application/json' },
        body,
        answer: 400,
      });
      continue;
    }
    for (const event of eventsOf(file, JSON.parse(text))) posts.push(...everyForm(event));
  }
  return posts;
}

function jsonFiles(): string[] {
  return readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .sort();
}

function eventsOf(file: string, value: Record<string, unknown>): SampleEvent[] {
  const whole = 'specversion' in value;
  const [, folder = ''] = /\/(\w+)(?:\/v\d)?\/[^/]+$/.exec(file) ?? [];
  const [type, source] = whole ? [String(value.type), String(value.source)] : (TYPES[folder] ?? []);
  if (type === undefined || source === undefined) throw new Error(`which event is ${file}? Add its folder to TYPES.`);
  const event: SampleEvent = {
    name: file,
    type,
    source,
    ...(typeof value.subject === 'string' ? { subject: value.subject } : {}),
    data: whole ? value.data : value,
  };
  if (!type.includes('.storage.')) return [event];
  const others = OTHER_STORAGE_TYPES.map((what) => `google.cloud.storage.object.v1.${what}`);
  return [event, ...others.map((other) => ({ ...event, name: `${file}, ${other}`, type: other }))];
}

function everyForm(event: SampleEvent): SamplePost[] {
  const { name, type, source, subject = 'objects/Größe%20a+b.parquet', data } = event;
  const json = JSON.stringify(data);
  const ce = { id: 'sample-1', source, type, specversion: '1.0', time: '2021-02-05T04:06:14.109Z', subject };
  const attributes = Object.fromEntries(
    Object.entries(ce).map(([attribute, value]) => [`ce-${attribute}`, encodeURIComponent(value)]),
  );
  const structured = { ...ce, datacontenttype: 'application/json', data };
  const base64 = { ...ce, datacontenttype: 'application/json', data_base64: Buffer.from(json).toString('base64') };
  const post = (form: string, contentType: string, body: string | Buffer, headers = {}, answer: 204 | 400 = 204) => ({
    ...{
      name: `${name}, ${form}`,
      headers: { 'content-type': contentType, ...headers },
      body: Buffer.from(body),
      answer,
    },
  });
  const forms = [
    post('binary', 'application/json', json, attributes),
    post('binary with a charset', 'application/json; charset=utf-8', json, attributes),
    post('binary, gzip', 'application/json', gzipSync(json), { ...attributes, 'content-encoding': 'gzip' }),
    post('structured', 'application/cloudevents+json', JSON.stringify(structured)),
    post('structured with a charset', 'application/cloudevents+json; charset=UTF-8', JSON.stringify(structured)),
    post('structured, data_base64', 'application/cloudevents+json', JSON.stringify(base64)),
    post('structured, said to be JSON', 'application/json', JSON.stringify(structured)),
  ];
  // Without a topic, what is pushed here must be for us, and these are not.
  if (type.endsWith('messagePublished')) return [...forms, post('push', 'application/json', json, {}, 400)];
  if (type.endsWith('.finalized')) return [...forms, ...notifications(name, data as Record<string, unknown>)];
  return forms;
}

/** An object's event by way of a Pub/Sub topic: in a CloudEvent, pushed, and pushed without wrapping. */
function notifications(name: string, object: Record<string, unknown>): SamplePost[] {
  const kinds = [
    ...['JSON_API_V1', 'NONE'].map((payloadFormat) => ({ payloadFormat, eventType: 'OBJECT_FINALIZE' })),
    ...OTHER_NOTIFICATIONS.map((eventType) => ({ payloadFormat: 'JSON_API_V1', eventType })),
  ];
  return kinds.flatMap(({ payloadFormat, eventType }) => {
    const attributes = {
      ...{ eventType, payloadFormat, bucketId: String(object.bucket), objectId: String(object.name) },
      ...{ objectGeneration: String(object.generation), eventTime: '2021-02-05T04:06:14.109Z' },
      notificationConfig: 'projects/_/buckets/sample-bucket/notificationConfigs/3',
    };
    const data = payloadFormat === 'NONE' ? Buffer.alloc(0) : Buffer.from(JSON.stringify(object));
    const message = {
      ...(data.length === 0 ? {} : { data: data.toString('base64') }),
      ...{ attributes, messageId: '7', message_id: '7', publishTime: '2021-02-05T04:06:14Z' },
    };
    const pushed = JSON.stringify({ message, subscription: 'projects/p/subscriptions/s' });
    const [type, source] = TYPES.pubsub!;
    const ce = { 'ce-id': '7', 'ce-source': source, 'ce-type': type, 'ce-specversion': '1.0' };
    const metadata = {
      'x-goog-pubsub-message-id': '7',
      'x-goog-pubsub-subscription-name': 'projects/p/subscriptions/s',
    };
    const form = (how: string, body: string | Buffer, headers: Record<string, string>): SamplePost => ({
      name: `${name}, ${eventType} ${payloadFormat} ${how}`,
      headers: { 'content-type': 'application/json', ...headers },
      body: Buffer.from(body),
      answer: 204,
    });
    return [
      form('in a CloudEvent', pushed, ce),
      form('pushed', pushed, {}),
      form('pushed without wrapping', data, { ...metadata, ...attributes }),
    ];
  });
}
