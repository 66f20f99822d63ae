-- How far each source has been applied. The row changes in the same transaction as the operations it counts.
CREATE TABLE shop.seed_runs (
  fingerprint text PRIMARY KEY,
  format text NOT NULL,
  operations_applied bigint NOT NULL DEFAULT 0,
  refused jsonb NOT NULL DEFAULT '[]',
  started_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz
);

COMMENT ON COLUMN shop.seed_runs.fingerprint IS 'SHA-256 over the format, the version of its mapping and the content of the files in order';
COMMENT ON COLUMN shop.seed_runs.operations_applied IS 'the first so many operations of the source are in the database; a run resumes after them';
COMMENT ON COLUMN shop.seed_runs.refused IS 'operations that the database itself refused: [{file, line, reason, detail}]';
