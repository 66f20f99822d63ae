/**
 * How files of the lake are replaced by better ones: fewer (compaction), with re-created rows
 * (backfill), or without the rows of a person (erasure; an output without rows is not put in
 * place).
 *
 * <p>An object store renames nothing and replaces no two objects at once. So a rewrite is prepared
 * here and committed by {@code functions/load-warehouse}, which knows what the warehouse holds:
 *
 * <ol>
 *   <li>A job reads objects of one folder (the inputs) and makes one object of them (the output),
 *       named {@code part-<sha256 of folder and content>}. It stages the output, and where rows
 *       changed those rows once more (the changes), under {@code rewrites/open/}: no reader looks
 *       there.
 *   <li>It writes the manifest, which names all of these, last. A job that dies before has changed
 *       nothing; one that is repeated stages the same objects under the same names.
 *   <li>{@code load-warehouse}, under one lease a stream: checks that the inputs are there still
 *       and loaded, marks the manifest committed, merges the changes into the warehouse by event
 *       id, puts the output into the ledger of loads, copies it to its name, removes the inputs,
 *       and at last the manifest. Each step may be repeated, so a crash anywhere is gone on from.
 * </ol>
 *
 * <p>Between copy and removal a reader may see a row twice, never not at all: readers of the lake
 * keep one row an event id. Two rewrites of one object cannot both be committed, because the second
 * one misses its input. What a stream writes meanwhile is no input and stays.
 */
package dev.tributary.pipeline.rewrite;
