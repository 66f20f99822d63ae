/** Runs of the pipeline that rewrite files of the lake: compaction, backfill and erasure. docs/interfaces.md#rewrites */
export { rewritePortsOf } from './pipeline.ts';
export { type RewritePorts, type RewriteSummary, runName, runRewrite } from './run.ts';
