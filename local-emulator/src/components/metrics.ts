import type { Component } from '../supervisor/component.ts';
import { nodeService } from './node-service.ts';

/** Takes every process's metrics over OTLP and serves them to Prometheus. In the cloud processes report to Cloud Monitoring themselves. */
export const metrics: Component = {
  ...nodeService({
    name: 'metrics',
    // Nobody waits for it, and it waits for nobody: figures are no condition of work.
    needs: [],
    program: 'local-emulator/src/metrics/main.ts',
    summary: 'OpenTelemetry collector; all metrics as Prometheus text at /metrics',
  }),
};
