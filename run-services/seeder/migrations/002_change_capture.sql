-- Updates and deletes must carry the whole old row, also where a large value was not touched.
ALTER TABLE shop.customers REPLICA IDENTITY FULL;
ALTER TABLE shop.products REPLICA IDENTITY FULL;
ALTER TABLE shop.orders REPLICA IDENTITY FULL;
ALTER TABLE shop.order_lines REPLICA IDENTITY FULL;
ALTER TABLE shop.user_events REPLICA IDENTITY FULL;

-- Debezium writes here now and then, so that its slot moves on while the application is idle.
CREATE TABLE shop.heartbeat (
  id int PRIMARY KEY,
  ts timestamptz NOT NULL
);
ALTER TABLE shop.heartbeat REPLICA IDENTITY FULL;

CREATE PUBLICATION tributary FOR TABLE shop.customers, shop.products, shop.orders, shop.order_lines, shop.user_events;
