-- customer_activity at every event time of every customer, from the application's tables alone; the judge of the pipeline and of the dbt model.
-- The value at t covers the events in [floor((t - W) / 60 s) * 60 s, t]: the hop is a minute, both ends are included.
--
-- Limits: the feature counts what was created and forgets nothing, while tables show what is left. So this is the truth for customers of whom no event and no order
-- line was deleted, and none was updated in time, quantity or price. Rows are complete ones (every event of t seen): compare them with the last row emitted for t.
WITH events AS (
  SELECT user_id AS customer_id, event_time AS t, 0::numeric AS spend
  FROM shop.user_events
  UNION ALL
  SELECT
    customer_id,
    order_time AS t,
    CASE kind WHEN 'purchase' THEN quantity * unit_price ELSE 0 END AS spend
  FROM shop.order_lines
  WHERE customer_id IS NOT NULL
),

-- One row per customer and instant: equal instants have equal windows.
instants AS (
  SELECT customer_id, t, count(*) AS events, sum(spend) AS spend
  FROM events
  GROUP BY customer_id, t
),

bounds AS (
  SELECT
    customer_id,
    t,
    date_trunc('minute', t - interval '5 minutes', 'UTC') AS from_5m,
    date_trunc('minute', t - interval '1 hour', 'UTC') AS from_1h,
    date_trunc('minute', t - interval '24 hours', 'UTC') AS from_24h
  FROM instants
)

SELECT
  bounds.customer_id,
  bounds.t AS event_time,
  sum(covered.events) FILTER (WHERE covered.t >= bounds.from_5m)::bigint AS events_5m,
  sum(covered.events) FILTER (WHERE covered.t >= bounds.from_1h)::bigint AS events_1h,
  sum(covered.events)::bigint AS events_24h,
  trim_scale(sum(covered.spend) FILTER (WHERE covered.t >= bounds.from_5m)) AS spend_5m,
  trim_scale(sum(covered.spend) FILTER (WHERE covered.t >= bounds.from_1h)) AS spend_1h,
  trim_scale(sum(covered.spend)) AS spend_24h
FROM bounds
INNER JOIN instants AS covered
  ON bounds.customer_id = covered.customer_id AND covered.t BETWEEN bounds.from_24h AND bounds.t
GROUP BY bounds.customer_id, bounds.t
ORDER BY bounds.customer_id, bounds.t
