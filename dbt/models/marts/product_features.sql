{{ config(cluster_by=['product_id']) }}

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

lines_of_orders as (

    select
        order_lines.product_id,
        order_lines.order_id,
        order_lines.customer_id,
        order_lines.quantity,
        order_lines.kind = 'purchase' as is_purchase,
        order_lines.quantity * order_lines.unit_price as amount
    from order_lines
    inner join orders on order_lines.order_id = orders.order_id

),

products as (

    select
        product_id,
        count(distinct if(is_purchase, customer_id, null)) as buyers,
        count(distinct if(is_purchase, order_id, null)) as orders_count,
        sum(if(is_purchase, quantity, 0)) as quantity_total,
        sum(if(is_purchase, amount, 0)) as gross_revenue,
        sum(if(is_purchase, 0, amount)) as returned_value
    from lines_of_orders
    group by product_id

)

select
    products.product_id,
    as_of.as_of_time as event_timestamp,
    products.buyers,
    products.orders_count,
    products.quantity_total,
    products.gross_revenue,
    safe_divide(cast(products.gross_revenue as float64), products.quantity_total) as average_price,
    safe_divide(cast(products.returned_value as float64), cast(products.gross_revenue as float64)) as return_rate
from products
cross join as_of
