package dev.tributary.pipeline.batch;

/** What the cells of a typed file's column hold. */
enum CellKind {
  TEXT,
  /** Bytes that nobody says are text. */
  BINARY,
  INTEGER,
  DECIMAL,
  REAL,
  BOOL,
  DATE,
  /** A time on the world's clock. */
  INSTANT,
  /** A time on somebody's clock: without a zone nobody knows when it was. */
  LOCAL_TIME
}
