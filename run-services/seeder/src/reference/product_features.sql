-- product_features of every product with an order line of either kind, from the application's tables alone; the judge of the dbt model.
-- Guests' lines count in all but buyers. A buyer bought: who only sent the product back is none.
WITH totals AS (
  SELECT
    product_id,
    count(DISTINCT customer_id) FILTER (WHERE kind = 'purchase') AS buyers,
    count(DISTINCT order_id) FILTER (WHERE kind = 'purchase') AS orders_count,
    coalesce(sum(quantity) FILTER (WHERE kind = 'purchase'), 0)::bigint AS quantity_total,
    coalesce(sum(quantity * unit_price) FILTER (WHERE kind = 'purchase'), 0)::numeric AS gross_revenue,
    coalesce(sum(quantity * unit_price) FILTER (WHERE kind = 'return'), 0)::numeric AS returned_value
  FROM shop.order_lines
  GROUP BY product_id
)

SELECT
  product_id,
  buyers,
  orders_count,
  quantity_total,
  trim_scale(gross_revenue) AS gross_revenue,
  (gross_revenue / nullif(quantity_total, 0))::double precision AS average_price,
  (returned_value / nullif(gross_revenue, 0))::double precision AS return_rate,
  (SELECT max(order_time) FROM shop.orders) AS event_timestamp
FROM totals
ORDER BY product_id COLLATE "C"
