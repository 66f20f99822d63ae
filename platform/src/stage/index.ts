/** The stages of the event chain that are Cloud Run jobs: transform, validate and materialize share this one behaviour. */
export { type StageDefinition, type StagePorts, type StageRun, stageHandler } from './stage.ts';
