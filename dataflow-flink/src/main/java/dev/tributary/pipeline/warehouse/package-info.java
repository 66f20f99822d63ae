/**
 * The second way of processed rows into BigQuery: straight from the stream, by the Storage Write
 * API, into a dataset of its own. The first way is files that {@code load-warehouse} loads.
 */
package dev.tributary.pipeline.warehouse;
