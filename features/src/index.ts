/** Feature groups and views: declared here once, compiled by `npm run contracts` for the pipeline, dbt and Feast. */
export { compileFeatures } from './compile.ts';
export { type CompiledFeatures, type CompiledGroup, type CompiledView, compiledFeaturesSchema } from './compiled.ts';
export { declarations } from './declarations.ts';
export * from './dsl.ts';
export { COMPILED_FEATURES, loadFeatures } from './load.ts';
