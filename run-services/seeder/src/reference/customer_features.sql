-- customer_features of every customer, from the application's tables alone. Written from the definition and not from the dbt model: it is the judge of it.
-- One row per customer that has an order line of either kind; guests have none.
WITH as_of AS (
  SELECT max(order_time) AS t FROM shop.orders
),

totals AS (
  SELECT
    customer_id,
    count(DISTINCT order_id) FILTER (WHERE kind = 'purchase') AS orders_count,
    coalesce(sum(quantity) FILTER (WHERE kind = 'purchase'), 0)::bigint AS quantity_total,
    coalesce(sum(quantity * unit_price) FILTER (WHERE kind = 'purchase'), 0)::numeric AS gross_revenue,
    coalesce(sum(quantity * unit_price) FILTER (WHERE kind = 'return'), 0)::numeric AS returned_value,
    count(DISTINCT product_id) FILTER (WHERE kind = 'purchase') AS distinct_products,
    max(order_time) FILTER (WHERE kind = 'purchase') AS last_purchase
  FROM shop.order_lines
  WHERE customer_id IS NOT NULL
  GROUP BY customer_id
),

-- Names are compared by code point, as BigQuery compares them, whatever the locale of this database.
newest AS (
  SELECT DISTINCT ON (customer_id)
    customer_id,
    country AS last_country
  FROM shop.order_lines
  WHERE customer_id IS NOT NULL
  ORDER BY customer_id, order_time DESC, country COLLATE "C" DESC NULLS LAST
)

SELECT
  totals.customer_id,
  totals.orders_count,
  totals.quantity_total,
  trim_scale(totals.gross_revenue) AS gross_revenue,
  trim_scale(totals.returned_value) AS returned_value,
  trim_scale(totals.gross_revenue - totals.returned_value) AS net_revenue,
  (totals.gross_revenue / nullif(totals.orders_count, 0))::double precision AS average_order_value,
  floor(extract(EPOCH FROM as_of.t - totals.last_purchase) / 86400)::bigint AS recency_days,
  (totals.returned_value / nullif(totals.gross_revenue, 0))::double precision AS return_rate,
  totals.distinct_products,
  newest.last_country,
  as_of.t AS event_timestamp
FROM totals
INNER JOIN newest USING (customer_id)
CROSS JOIN as_of
ORDER BY totals.customer_id
