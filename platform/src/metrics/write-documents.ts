import { writeFileSync } from 'node:fs';
import { ROOT } from '../config/index.ts';
import { cloudMonitoringDocument, metricsDocument } from './document.ts';
import { googleCloudDocuments } from './google-cloud/documents.ts';

/** Writes what is made from the registry. */
writeFileSync(new URL('docs/metrics.md', ROOT), metricsDocument());
writeFileSync(new URL('observability/cloud-monitoring.json', ROOT), cloudMonitoringDocument());
for (const [file, content] of googleCloudDocuments())
  writeFileSync(new URL(`observability/google-cloud/${file}`, ROOT), content);
