/** Lineage in the words of OpenLineage: which run of which job read and wrote which table. https://openlineage.io/docs/spec/object-model */
export {
  type Dataset,
  type Facet,
  type JobRun,
  type LineageEvent,
  lineageEvents,
  lineageRunId,
  tableDataset,
} from './events.ts';
export { keepLineage, type LineageSettings, type LineageStore, sendLineage } from './send.ts';
