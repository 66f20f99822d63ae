import type { CompiledFeatures } from '@tributary/features';

/** How the wire encoding of a join key reads as JSON of a protocol buffer: an int64 is an integer or a decimal string there too. */
const KEY_TYPES = { INT64: 'int64', STRING: 'string' } as const;

/**
 * The schema of `tributary.features` for Pub/Sub, which then refuses rows with members or types that no reader knows. A windowed feature is a count or a sum, so
 * each is a number or its decimal string, and both are JSON of a double: a new group or feature needs no new schema. What is carried is the text as it was sent.
 *
 * Join keys are numbered as they are declared, so a new one goes last.
 */
export function featureRowSchemaOf({ entities }: Pick<CompiledFeatures, 'entities'>): string {
  const keys = entities.map(({ joinKey, type }, index) => `    ${KEY_TYPES[type]} ${joinKey} = ${index + 1};`);
  return `// Generated from features/ by \`npm run contracts\`; change those. docs/interfaces.md, "Feature row".
syntax = "proto3";

message FeatureRow {
  message Entity {
${keys.join('\n')}
  }

  string view = 1;
  Entity entity = 2;
  string event_time = 3;
  string event_timestamp = 4;
  bool latest = 5;
  map<string, double> features = 6;
  string event_id = 7;
  string emitted_at = 8;
}
`;
}
