import { UserError } from '@tributary/platform/errors';
import { z } from 'zod';

/** As OTLP's JSON has 64-bit integers: decimal text, or a number. */
const integer = z.coerce.number();
const attribute = z.object({ key: z.string(), value: z.object({ stringValue: z.string().default('') }) });
const point = { attributes: z.array(attribute).default([]) };
const number = z.object({ ...point, asDouble: z.number().optional(), asInt: integer.optional() });
const histogram = z.object({
  ...point,
  count: integer,
  sum: z.number().default(0),
  bucketCounts: z.array(integer),
  explicitBounds: z.array(z.number()),
});
/** https://github.com/open-telemetry/opentelemetry-proto/blob/v1.7.0/opentelemetry/proto/metrics/v1/metrics.proto AggregationTemporality */
const DELTA = z.union([z.literal(1), z.literal('AGGREGATION_TEMPORALITY_DELTA')], {
  error: 'expected deltas: only they can be summed over processes',
});

const metric = z.object({
  name: z.string(),
  unit: z.string().default(''),
  description: z.string().default(''),
  gauge: z.object({ dataPoints: z.array(number) }).optional(),
  sum: z
    .object({ dataPoints: z.array(number), aggregationTemporality: DELTA, isMonotonic: z.literal(true) })
    .optional(),
  histogram: z.object({ dataPoints: z.array(histogram), aggregationTemporality: DELTA }).optional(),
});
export type OtlpMetric = z.output<typeof metric>;

const requestSchema = z.object({
  resourceMetrics: z.array(z.object({ scopeMetrics: z.array(z.object({ metrics: z.array(metric) })) })),
});

/**
 * The metrics of an ExportMetricsServiceRequest in JSON. https://opentelemetry.io/docs/specs/otlp/#otlphttp-request
 *
 * @throws {UserError} OTLP_UNREADABLE naming the field at fault.
 */
export function readOtlp(body: unknown): OtlpMetric[] {
  const result = requestSchema.safeParse(body);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw new UserError('OTLP_UNREADABLE', `The metrics are wrong at ${issue.path.join('.')}: ${issue.message}.`);
  }
  return result.data.resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
}

/** The point's labels. */
export function labelsOf({ attributes }: { attributes: z.output<typeof attribute>[] }): Record<string, string> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
}
