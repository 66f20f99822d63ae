import { z } from 'zod';

const name = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/);
const columnType = z.enum(['INT64', 'NUMERIC', 'FLOAT64', 'STRING']);
const onlineType = z.enum(['INT64', 'FLOAT64', 'STRING']);

const entity = z.strictObject({ name, joinKey: name, type: z.enum(['INT64', 'STRING']), description: z.string() });

const measure = z.strictObject({
  multiply: z.array(name).min(1),
  where: z.strictObject({ field: name, equals: z.string() }).optional(),
});

const feature = z.strictObject({
  name,
  kind: z.enum(['count', 'sum']),
  window: z.string(),
  measure: name.optional(),
  /** What the online store and Feast hold. */
  type: onlineType,
  /** What the mart holds, exactly. */
  warehouse_type: columnType,
  description: z.string(),
});

/** A source has its measures under their names, beside the fixed members: `spend: {multiply, where}`. */
const source = z
  .object({ stream: name, entity_field: name, event_time: name, ops: z.array(z.enum(['c', 'r'])).min(1) })
  .catchall(measure);

const column = z.strictObject({ name, type: onlineType, warehouse_type: columnType, description: z.string() });

/** features/generated/features.json, as the pipeline, dbt and Feast read it. */
export const compiledFeaturesSchema = z.strictObject({
  entities: z.array(entity).min(1),
  groups: z.array(
    z.strictObject({
      name,
      description: z.string(),
      entity,
      mart: name,
      push_source: name,
      hop_seconds: z.int().min(1),
      windows: z.array(z.strictObject({ name: z.string(), seconds: z.int().min(1) })).min(1),
      sources: z.array(source).min(1),
      features: z.array(feature).min(1),
    }),
  ),
  views: z.array(
    z.strictObject({ name, description: z.string(), entity, mart: name, columns: z.array(column).min(1) }),
  ),
  services: z.array(z.strictObject({ name, description: z.string(), views: z.array(name).min(1) })),
});

export type CompiledFeatures = z.output<typeof compiledFeaturesSchema>;
export type CompiledGroup = CompiledFeatures['groups'][number];
export type CompiledView = CompiledFeatures['views'][number];
