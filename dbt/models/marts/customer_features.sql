{{ config(cluster_by=['customer_id']) }}

with

orders as (

    select * from {{ ref('unified_staging__orders') }}

),

order_lines as (

    select * from {{ ref('unified_staging__order_lines') }}

),

as_of as (

    select max(order_time) as as_of_time from orders

),

known_lines as (

    select
        order_lines.customer_id,
        order_lines.order_id,
        order_lines.product_id,
        order_lines.quantity,
        order_lines.country,
        order_lines.order_time,
        order_lines.kind = 'purchase' as is_purchase,
        order_lines.quantity * order_lines.unit_price as amount
    from order_lines
    inner join orders on order_lines.order_id = orders.order_id
    where order_lines.customer_id is not null

),

customers as (

    select
        customer_id,
        count(distinct if(is_purchase, order_id, null)) as orders_count,
        sum(if(is_purchase, quantity, 0)) as quantity_total,
        sum(if(is_purchase, amount, 0)) as gross_revenue,
        sum(if(is_purchase, 0, amount)) as returned_value,
        max(if(is_purchase, order_time, null)) as last_purchase_time,
        count(distinct if(is_purchase, product_id, null)) as distinct_products,
        array_agg(country order by order_time desc, country desc limit 1)[safe_offset(0)] as last_country
    from known_lines
    group by customer_id

)

select
    customers.customer_id,
    as_of.as_of_time as event_timestamp,
    customers.orders_count,
    customers.quantity_total,
    customers.gross_revenue,
    customers.returned_value,
    customers.gross_revenue - customers.returned_value as net_revenue,
    safe_divide(cast(customers.gross_revenue as float64), customers.orders_count) as average_order_value,
    div(timestamp_diff(as_of.as_of_time, customers.last_purchase_time, microsecond), 86400000000) as recency_days,
    safe_divide(cast(customers.returned_value as float64), cast(customers.gross_revenue as float64)) as return_rate,
    customers.distinct_products,
    customers.last_country
from customers
cross join as_of
