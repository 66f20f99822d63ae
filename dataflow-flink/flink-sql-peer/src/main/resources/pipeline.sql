-- The pipeline's work on order lines and products, in Flink SQL. Placeholders are filled in by SqlRunner; README.md says what is the same and what is not.
SET 'pipeline.name' = 'flink-sql-peer';
SET 'parallelism.default' = '${parallelism}';
SET 'pipeline.object-reuse' = 'true';
SET 'execution.checkpointing.interval' = '5 s';
SET 'table.local-time-zone' = 'UTC';
SET 'table.exec.state.ttl' = '${ttlHours} h';
SET 'table.exec.source.idle-timeout' = '5 s';
-- Without it every sink would read, parse and deduplicate for itself.
SET 'table.optimizer.reuse-optimize-block-with-digest-enabled' = 'true';

CREATE TEMPORARY SYSTEM FUNCTION attributes AS 'dev.tributary.peer.Attributes';

CREATE TABLE changes (
  message BYTES,
  event_id STRING,
  id_high BIGINT,
  id_low BIGINT,
  `stream` STRING,
  op STRING,
  lsn BIGINT,
  tx BIGINT,
  source_time TIMESTAMP_LTZ(6),
  ingested_at TIMESTAMP_LTZ(6),
  contract_version STRING,
  event_time TIMESTAMP_LTZ(6),
  event_hour STRING,
  event_ts TIMESTAMP_LTZ(3),
  order_line_id STRING,
  order_id STRING,
  product_id STRING,
  customer_id BIGINT,
  kind STRING,
  quantity BIGINT,
  unit_price DECIMAL(18, 4),
  country STRING,
  description STRING,
  category STRING,
  created_at TIMESTAMP_LTZ(6),
  reason STRING,
  field STRING,
  problem STRING,
  topic STRING METADATA VIRTUAL,
  `partition` INT METADATA VIRTUAL,
  `offset` BIGINT METADATA VIRTUAL,
  published_at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  headers MAP<STRING, BYTES> METADATA VIRTUAL,
  arrived AS PROCTIME(),
  WATERMARK FOR event_ts AS event_ts - INTERVAL '1' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = '${changes}',
  'properties.bootstrap.servers' = '${bootstrap}',
  'properties.group.id' = 'flink-sql-peer',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'change-event',
  -- What a backlog is read fastest with.
  'properties.max.poll.records' = '2000',
  'properties.receive.buffer.bytes' = '1048576',
  'properties.fetch.max.bytes' = '16777216',
  'properties.max.partition.fetch.bytes' = '4194304'
);

CREATE TABLE raw_files (
  event_id STRING,
  message BYTES,
  attributes STRING,
  topic STRING,
  `partition` INT,
  `offset` BIGINT,
  published_at TIMESTAMP_LTZ(6),
  `stream` STRING,
  dt STRING,
  hr STRING
) PARTITIONED BY (`stream`, dt, hr) WITH (
  'connector' = 'filesystem',
  'path' = '${lake}/raw',
  'format' = 'parquet',
  'parquet.compression' = 'SNAPPY',
  'parquet.utc-timezone' = 'true',
  'parquet.write.int64.timestamp' = 'true'
);

CREATE TABLE order_line_files (
  _event_id STRING,
  _op STRING,
  _lsn BIGINT,
  _tx BIGINT,
  _source_time TIMESTAMP_LTZ(6),
  _event_time TIMESTAMP_LTZ(6),
  _ingested_at TIMESTAMP_LTZ(6),
  _contract_version STRING,
  _origin STRING,
  order_line_id STRING,
  order_id STRING,
  product_id STRING,
  customer_id BIGINT,
  kind STRING,
  quantity BIGINT,
  unit_price DECIMAL(38, 9),
  country STRING,
  order_time TIMESTAMP_LTZ(6),
  product_category STRING,
  product_price DECIMAL(38, 9),
  dt STRING,
  hr STRING
) PARTITIONED BY (dt, hr) WITH (
  'connector' = 'filesystem',
  'path' = '${lake}/processed/order_lines',
  'format' = 'parquet',
  'parquet.compression' = 'SNAPPY',
  'parquet.utc-timezone' = 'true',
  'parquet.write.int64.timestamp' = 'true'
);

CREATE TABLE product_files (
  _event_id STRING,
  _op STRING,
  _lsn BIGINT,
  _tx BIGINT,
  _source_time TIMESTAMP_LTZ(6),
  _event_time TIMESTAMP_LTZ(6),
  _ingested_at TIMESTAMP_LTZ(6),
  _contract_version STRING,
  _origin STRING,
  product_id STRING,
  description STRING,
  category STRING,
  unit_price DECIMAL(38, 9),
  created_at TIMESTAMP_LTZ(6),
  updated_at TIMESTAMP_LTZ(6),
  dt STRING,
  hr STRING
) PARTITIONED BY (dt, hr) WITH (
  'connector' = 'filesystem',
  'path' = '${lake}/processed/products',
  'format' = 'parquet',
  'parquet.compression' = 'SNAPPY',
  'parquet.utc-timezone' = 'true',
  'parquet.write.int64.timestamp' = 'true'
);

CREATE TABLE dead_letter_files (
  event_id STRING,
  stage STRING,
  reason STRING,
  message STRING,
  field STRING,
  attempt INT,
  `time` TIMESTAMP_LTZ(3),
  payload BYTES,
  `stream` STRING,
  dt STRING
) PARTITIONED BY (`stream`, dt) WITH (
  'connector' = 'filesystem',
  'path' = '${lake}/dead-letter',
  'format' = 'json',
  'sink.rolling-policy.rollover-interval' = '5 s',
  'sink.rolling-policy.check-interval' = '1 s'
);

CREATE TABLE feature_rows (
  ordering_key STRING,
  `view` STRING,
  entity ROW<customer_id BIGINT>,
  event_time TIMESTAMP_LTZ(6),
  features ROW<events_5m BIGINT, events_1h BIGINT, events_24h BIGINT,
    spend_5m DECIMAL(38, 4), spend_1h DECIMAL(38, 4), spend_24h DECIMAL(38, 4)>,
  event_id STRING,
  emitted_at TIMESTAMP_LTZ(3)
) WITH (
  'connector' = 'kafka',
  'topic' = '${features}',
  'properties.bootstrap.servers' = '${bootstrap}',
  'properties.acks' = 'all',
  'properties.linger.ms' = '2',
  'key.format' = 'raw',
  'key.fields' = 'ordering_key',
  'value.format' = 'json',
  'value.json.timestamp-format.standard' = 'ISO-8601',
  'value.json.encode.decimal-as-plain-number' = 'true',
  'value.fields-include' = 'EXCEPT_KEY',
  'sink.delivery-guarantee' = 'at-least-once'
);

-- First arrival of an event id. What cannot be read has no id, and nothing that it could be a duplicate of.
CREATE TEMPORARY VIEW distinct_changes AS
SELECT *
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY id_high, id_low ORDER BY arrived ASC) AS arrival
  FROM changes
  WHERE id_high IS NOT NULL
)
WHERE arrival = 1;

-- A versioned table: the product as it was at any event time.
CREATE TEMPORARY VIEW product_versions AS
SELECT product_id, category, unit_price, event_ts
FROM (
  SELECT product_id, category, unit_price, event_ts,
    ROW_NUMBER() OVER (PARTITION BY product_id ORDER BY event_ts DESC) AS version
  FROM distinct_changes
  WHERE `stream` = 'products' AND reason IS NULL
)
WHERE version = 1;

-- Flink takes one OVER window a query: three of them one after the other, each a RANGE that is added to and taken from as it moves.
CREATE TEMPORARY VIEW activity_24h AS
SELECT *, COUNT(*) OVER activity AS events_24h, SUM(spend) OVER activity AS spend_24h
FROM (
  SELECT event_id, customer_id, event_time, event_ts,
    CASE WHEN kind = 'purchase' THEN unit_price * quantity ELSE 0 END AS spend
  FROM distinct_changes
  WHERE `stream` = 'order_lines' AND reason IS NULL AND op IN ('c', 'r') AND customer_id IS NOT NULL
)
WINDOW activity AS (PARTITION BY customer_id ORDER BY event_ts RANGE BETWEEN INTERVAL '24' HOUR PRECEDING AND CURRENT ROW);

CREATE TEMPORARY VIEW activity_1h AS
SELECT *, COUNT(*) OVER activity AS events_1h, SUM(spend) OVER activity AS spend_1h
FROM activity_24h
WINDOW activity AS (PARTITION BY customer_id ORDER BY event_ts RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW);

CREATE TEMPORARY VIEW activity_5m AS
SELECT *, COUNT(*) OVER activity AS events_5m, SUM(spend) OVER activity AS spend_5m
FROM activity_1h
WINDOW activity AS (PARTITION BY customer_id ORDER BY event_ts RANGE BETWEEN INTERVAL '5' MINUTE PRECEDING AND CURRENT ROW);

INSERT INTO raw_files
SELECT event_id, message, attributes(headers), topic, `partition`, `offset`, published_at,
  `stream`, DATE_FORMAT(published_at, 'yyyy-MM-dd'), DATE_FORMAT(published_at, 'HH')
FROM distinct_changes;

INSERT INTO raw_files
SELECT event_id, message, attributes(headers), topic, `partition`, `offset`, published_at,
  '_unknown', DATE_FORMAT(published_at, 'yyyy-MM-dd'), DATE_FORMAT(published_at, 'HH')
FROM changes
WHERE id_high IS NULL;

INSERT INTO order_line_files
SELECT l.event_id, l.op, l.lsn, l.tx, l.source_time, l.event_time, l.ingested_at, l.contract_version, 'stream',
  l.order_line_id, l.order_id, l.product_id, l.customer_id, l.kind, l.quantity, l.unit_price, l.country, l.event_time,
  p.category, p.unit_price,
  SUBSTRING(l.event_hour, 1, 10), SUBSTRING(l.event_hour, 12, 2)
FROM (SELECT * FROM distinct_changes WHERE `stream` = 'order_lines' AND reason IS NULL) AS l
LEFT JOIN product_versions FOR SYSTEM_TIME AS OF l.event_ts AS p ON l.product_id = p.product_id;

INSERT INTO product_files
SELECT event_id, op, lsn, tx, source_time, event_time, ingested_at, contract_version, 'stream',
  product_id, description, category, unit_price, created_at, event_time,
  SUBSTRING(event_hour, 1, 10), SUBSTRING(event_hour, 12, 2)
FROM distinct_changes
WHERE `stream` = 'products' AND reason IS NULL;

INSERT INTO dead_letter_files
SELECT event_id, 'pipeline', reason, problem, field, 1, published_at, message,
  COALESCE(`stream`, '_unknown'), DATE_FORMAT(published_at, 'yyyy-MM-dd')
FROM distinct_changes
WHERE reason IS NOT NULL;

INSERT INTO dead_letter_files
SELECT event_id, 'pipeline', reason, problem, field, 1, published_at, message,
  '_unknown', DATE_FORMAT(published_at, 'yyyy-MM-dd')
FROM changes
WHERE id_high IS NULL;

INSERT INTO feature_rows
SELECT CONCAT('customer_activity:', CAST(customer_id AS STRING)), 'customer_activity', ROW(customer_id), event_time,
  ROW(events_5m, events_1h, events_24h, spend_5m, spend_1h, spend_24h), event_id, CURRENT_TIMESTAMP
FROM activity_5m;
