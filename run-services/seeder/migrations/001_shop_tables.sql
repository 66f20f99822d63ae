-- The application's tables. Nothing but the keys is checked here: a real application lets odd values through, and catching them is the work of the
-- contract check behind change capture.
CREATE TABLE shop.customers (
  customer_id bigint PRIMARY KEY,
  name text,
  email text,
  phone text,
  ip text,
  address text,
  country text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);

CREATE TABLE shop.products (
  product_id text PRIMARY KEY,
  description text,
  category text,
  unit_price numeric(18, 4) NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);

CREATE TABLE shop.orders (
  order_id text PRIMARY KEY,
  customer_id bigint,
  kind text NOT NULL,
  status text NOT NULL,
  country text,
  order_time timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);

CREATE TABLE shop.order_lines (
  order_line_id text PRIMARY KEY,
  order_id text NOT NULL REFERENCES shop.orders (order_id) ON DELETE CASCADE,
  product_id text NOT NULL,
  customer_id bigint,
  kind text NOT NULL,
  quantity bigint NOT NULL,
  unit_price numeric(18, 4) NOT NULL,
  country text,
  order_time timestamptz NOT NULL
);

-- The cascade looks lines up by order.
CREATE INDEX order_lines_order_id ON shop.order_lines (order_id);

CREATE TABLE shop.user_events (
  user_event_id text PRIMARY KEY,
  user_id bigint NOT NULL,
  item_id text NOT NULL,
  category_id text,
  behavior text NOT NULL,
  session_id text,
  event_time timestamptz NOT NULL
);
