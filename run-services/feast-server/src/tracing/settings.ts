import { type Environment, readEnvironment, readVariables, variable } from '@tributary/platform/config';
import { z } from 'zod';

/** OpenTelemetry's own names. https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ */
const OWN_VARIABLES = {
  OTEL_TRACES_EXPORTER: variable(
    z.enum(['none', 'otlp'], { error: 'expected none or otlp' }).default('none'),
    'where traces go; otlp sends them to OTEL_EXPORTER_OTLP_ENDPOINT, with OTEL_EXPORTER_OTLP_HEADERS',
    'otlp',
  ),
  OTEL_SERVICE_NAME: variable(
    z.string().min(1).default('feast-server'),
    'the name of this service in traces',
    'feast-server',
  ),
  OTEL_TRACES_SAMPLER_ARG: variable(
    z.coerce.number({ error: 'expected a number from 0 to 1' }).min(0).max(1).default(0.01),
    'share of the requests without a traceparent that are traced; one with a traceparent is traced where its caller traces it',
    '0.01',
  ),
};

export interface TracingSettings {
  readonly serviceName: string;
  /** 0 to 1. */
  readonly sampleRatio: number;
}

/** Undefined where nothing is traced. @throws {UserError} CONFIG_INVALID */
export function readTracingSettings(environment: Environment = readEnvironment()): TracingSettings | undefined {
  const own = readVariables(OWN_VARIABLES, environment);
  if (own.OTEL_TRACES_EXPORTER === 'none') return undefined;
  return { serviceName: own.OTEL_SERVICE_NAME, sampleRatio: own.OTEL_TRACES_SAMPLER_ARG };
}
