import { writeFileSync } from 'node:fs';
import { ROOT } from '../config/index.ts';
import { cloudMonitoringDocument, metricsDocument } from './document.ts';

/** Writes what is made from the registry. */
writeFileSync(new URL('docs/metrics.md', ROOT), metricsDocument());
writeFileSync(new URL('observability/cloud-monitoring.json', ROOT), cloudMonitoringDocument());
