package dev.tributary.pipeline.contract;

/**
 * The types of contract fields; their JSON forms are in
 * docs/interfaces.md#wire-encoding-of-values-json.
 */
public enum FieldType {
  STRING,
  INT64,
  NUMERIC,
  FLOAT64,
  BOOL,
  TIMESTAMP,
  DATE,
  BYTES,
  JSON
}
